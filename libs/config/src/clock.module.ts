import { Clock, SystemClock } from '@app/kernel';
import { Global, Module } from '@nestjs/common';

/** Binds `Clock` to the system's; a test that moves time overrides the provider. */
@Global()
@Module({ providers: [{ provide: Clock, useClass: SystemClock }], exports: [Clock] })
export class ClockModule {}
