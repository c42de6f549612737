import { FirstAdministrator } from '@app/accounts';
import { AppConfig } from '@app/config';
import { migrate, openDatabaseServer, type DatabaseServer } from '@app/database';
import { OpenWrites } from '@app/device-writer';
import { BackupFolder, BackupKeys } from '@app/backup';
import { DevicesService, type LockedDevices } from '@app/devices';
import { type DialInAddress, DialInService } from '@app/dial-in';
import { BackgroundWork } from '@app/kernel';
import { NestLogger } from '@app/logging';
import { MachineSyncService } from '@app/sync-services';
import { NestFactory } from '@nestjs/core';
import { type NestExpressApplication } from '@nestjs/platform-express';
import { type Logger } from 'pino';
import { bannerText } from './banner.js';
import { DemoTerminals, type ShownDemo } from './demo-terminals.js';
import { FRONT_OPTIONS, mountFront } from './http-front.js';
import { refuseOccupiedPort, serverUrl } from './listening.js';
import { ServerModule } from './server.module.js';
import { StartOrder } from './start-order.js';

/** The whole long-running process: database, API, schedules and, on a first start, the demo terminal. */
export class HoldfastServer {
  /** What a person should know right after the start. */
  banner = '';
  /** How to undo each step that was taken, in order. */
  private readonly closers: (() => Promise<void>)[] = [];
  private readonly background = new BackgroundWork();
  private demos?: DemoTerminals;

  private constructor(
    private readonly config: AppConfig,
    private readonly logger: Logger,
  ) {}

  /**
   * Starts everything or nothing: when a step fails, the steps before it are undone before the error is thrown.
   * @throws {AppError} with one sentence and the remedy, for all that an administrator can mend
   */
  static async start(config: AppConfig, logger: Logger, signal: AbortSignal): Promise<HoldfastServer> {
    const server = new HoldfastServer(config, logger);
    try {
      await server.boot(signal);
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  /** Stops in the reverse order of the start: no request is cut off from its database. */
  async stop(): Promise<void> {
    if (this.closers.length === 0) return;
    this.logger.info({ context: 'server' }, 'stopping: what is under way is ended, and leases are given back');
    for (let close = this.closers.pop(); close; close = this.closers.pop()) {
      await close().catch((error: unknown) =>
        this.logger.error({ err: error }, 'a part could not be stopped in order'),
      );
    }
    this.logger.info({ context: 'server' }, 'stopped');
  }

  private async boot(signal: AbortSignal): Promise<void> {
    await refuseOccupiedPort(this.config);
    const database = await this.startDatabase();
    if (signal.aborted) return;
    const app = await this.startApp(database);
    if (signal.aborted) return;
    const access = await app.get(FirstAdministrator).prepare();
    await app.init();
    app.get(StartOrder).holdBack();
    await app.listen(this.config.port, this.config.host);
    const url = serverUrl(app.getHttpServer());
    const dialIn = await this.letTerminalsDialIn(app);
    const demos = await this.showDemos(app, database, dialIn);
    const devices = await app.get(DevicesService).list();
    const locked = await this.findLockedDevices(app);
    const isEncrypted = (await app.get(BackupKeys).recipients()).length > 0;
    const backups = { folder: app.get(BackupFolder).path, isEncrypted };
    this.banner = bannerText({ url, access, database, dialIn, demos, devices, locked, backups });
    this.readDevicesInBackground(app);
  }

  /** Devices that another server can open and this one cannot, told before the first read fails for it. */
  private async findLockedDevices(app: NestExpressApplication): Promise<LockedDevices | undefined> {
    const locked = await app.get(DevicesService).findLocked();
    const names = locked?.devices.map(({ name }) => name);
    if (locked) this.logger.error({ context: 'devices', devices: names }, locked.reason.message);
    return locked;
  }

  private async startDatabase(): Promise<DatabaseServer> {
    const database = await openDatabaseServer(this.config, (stage) => this.logger.info({ context: 'database' }, stage));
    this.closers.push(() => database.stop());
    const applied = await migrate(database.url);
    if (applied.length > 0) this.logger.info({ context: 'database', migrations: applied }, 'schema brought up to date');
    return database;
  }

  private async startApp(database: DatabaseServer): Promise<NestExpressApplication> {
    const app = await NestFactory.create<NestExpressApplication>(
      ServerModule.forRoot({ config: this.config, logger: this.logger, databaseUrl: database.url }),
      { ...FRONT_OPTIONS, logger: new NestLogger(this.logger), abortOnError: false },
    );
    this.closers.push(async () => this.demos?.stop()); // after the app, which may be reading them
    this.closers.push(() => app.close());
    mountFront(app);
    return app;
  }

  private async letTerminalsDialIn(app: NestExpressApplication): Promise<DialInAddress> {
    const service = app.get(DialInService);
    this.closers.push(() => service.stop());
    const address = await service.listen();
    const { aifacePort } = this.config;
    if (address.isMakeshift) {
      this.logger.warn(
        { context: 'dial-in', port: address.port },
        `port ${aifacePort} is in use by another program, so that terminals that dial in will not find this server`,
      );
    }
    return address;
  }

  private async showDemos(
    app: NestExpressApplication,
    database: DatabaseServer,
    dialIn: DialInAddress,
  ): Promise<ShownDemo[]> {
    const allowed = this.config.mayShowDemo() && database.kind === 'embedded';
    this.demos = new DemoTerminals(app);
    return this.demos.show(allowed, dialIn, this.config.aifaceTlsCert === undefined);
  }

  /**
   * What became of writes that a crash cut off, and what is due, is read at once and not at the next full minute; nobody
   * waits for a terminal that may be switched off. Then monitoring and backups begin.
   */
  private readDevicesInBackground(app: NestExpressApplication): void {
    const settling = this.background.round((signal) => app.get(OpenWrites).settleAll(signal));
    settling.catch((error: unknown) => this.logger.error({ err: error }, 'open writes could not be settled yet'));
    const reading = this.background.round(
      async (signal) => void (await app.get(MachineSyncService).syncDue({ signal })),
    );
    reading.catch((error: unknown) => this.logger.error({ err: error }, 'the first round over all devices failed'));
    const releasing = this.background.round((signal) => app.get(StartOrder).releaseAfter(reading, signal));
    releasing.catch((error: unknown) => this.logger.error({ err: error }, 'monitoring and backups could not begin'));
    this.closers.push(() => this.background.stop());
  }
}
