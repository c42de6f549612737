import { AuditModule } from '@app/audit';
import { ClockModule } from '@app/config';
import { DeviceGatewayModule } from '@app/device-gateway';
import { DevicesModule } from '@app/devices';
import { PunchesModule } from '@app/punches';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DIAL_IN_ENTITIES } from './dial-in.entities.js';
import { DialInSchedule } from './dial-in.schedule.js';
import { DialInService } from './dial-in.service.js';
import { HandedOverCredentials } from './handed-over-credentials.js';
import { PendingTerminalsController } from './pending-terminals.controller.js';
import { PendingTerminalsService } from './pending-terminals.service.js';
import { TerminalAlarms } from './terminal-alarms.js';
import { TerminalIntake } from './terminal-intake.js';
import { TerminalPresence } from './terminal-presence.js';
import { TerminalReaders } from './terminal-readers.js';

/** Terminals that dial in: who may, what they hand over, and which server has them. Listens only when it is told to. */
@Module({
  imports: [
    ClockModule,
    AuditModule,
    DeviceGatewayModule,
    DevicesModule,
    PunchesModule,
    TypeOrmModule.forFeature(DIAL_IN_ENTITIES),
  ],
  controllers: [PendingTerminalsController],
  providers: [
    DialInService,
    DialInSchedule,
    HandedOverCredentials,
    PendingTerminalsService,
    TerminalAlarms,
    TerminalIntake,
    TerminalPresence,
    TerminalReaders,
  ],
  exports: [DialInService, HandedOverCredentials, PendingTerminalsService, TerminalPresence, TerminalReaders],
})
export class DialInModule {}
