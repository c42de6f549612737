import { AccountsModule } from '@app/accounts';
import { AuditModule } from '@app/audit';
import { AuthModule } from '@app/auth';
import { BackupModule, DevicePastModule, ErasureModule } from '@app/backup';
import { BufferModule } from '@app/buffer';
import { AppConfig, ConfigModule } from '@app/config';
import { ConflictModule } from '@app/conflict';
import { DatabaseModule } from '@app/database';
import { DeviceWriterModule } from '@app/device-writer';
import { DevicesModule } from '@app/devices';
import { DialInModule } from '@app/dial-in';
import { DrillModule } from '@app/drill';
import { MetricsModule } from '@app/metrics';
import { MonitoringModule } from '@app/monitoring';
import { PeopleModule } from '@app/people';
import { SuggestionsModule } from '@app/suggestions';
import { SyncServicesModule } from '@app/sync-services';
import { type DynamicModule, Module } from '@nestjs/common';

/** The same features as the server's, without HTTP and without schedules. */
@Module({})
export class CliModule {
  static forRoot(options: { config: AppConfig; databaseUrl: string }): DynamicModule {
    return {
      module: CliModule,
      imports: [
        ConfigModule.forRoot(options.config),
        DatabaseModule.forRoot({ url: options.databaseUrl, applicationName: 'holdfast-cli', poolSize: 4 }),
        AuthModule,
        AccountsModule,
        AuditModule,
        BackupModule,
        BufferModule,
        DevicesModule,
        DeviceWriterModule,
        ConflictModule,
        DialInModule,
        MetricsModule,
        MonitoringModule,
        DevicePastModule,
        DrillModule,
        ErasureModule,
        PeopleModule,
        SuggestionsModule,
        SyncServicesModule,
      ],
    };
  }
}
