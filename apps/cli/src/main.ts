import { RetrySchedule } from '@app/kernel';
console.log(new RetrySchedule(1, 2));
