import { RetrySchedule } from '@app/kernel';
export const x = new RetrySchedule(3, 2);
console.log(x);
