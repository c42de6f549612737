import { DrillTerminals } from '@app/backup';
import { ClockModule } from '@app/config';
import { DeviceGatewayModule } from '@app/device-gateway';
import { DeviceWriterModule } from '@app/device-writer';
import { Global, Module } from '@nestjs/common';
import { EmulatedDrillTerminals } from './emulated-drill-terminals.js';

/** Lets drills of backups take place on emulated terminals. Global, since the backup library does not know it. */
@Global()
@Module({
  imports: [ClockModule, DeviceGatewayModule, DeviceWriterModule],
  providers: [{ provide: DrillTerminals, useClass: EmulatedDrillTerminals }],
  exports: [DrillTerminals],
})
export class DrillModule {}
