/** The whole server in a process of its own, with one bare route beside it; tells its port. Arguments: database, folder. */
import { library, load, root } from './support.mjs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

load('reflect-metadata');
const [url, folder] = process.argv.slice(2);
const built = (file) => import(pathToFileURL(join(root, 'dist/apps/server/src', file)).href);
const { ServerModule } = await built('server.module.js');
const { FRONT_OPTIONS, mountFront } = await built('http-front.js');
const { AppConfig } = await library('config');
const { createLogger, NestLogger } = await library('logging');
const { Public } = await library('http');
const { NestFactory } = await import('@nestjs/core');
const { Controller, Get, Module } = await import('@nestjs/common');

/** Nothing but Nest: what a route of ours can at best be as quick as. */
class BareController {
  bare() {
    return { status: 'ok' };
  }
}
Controller('bare')(BareController);
Public()(BareController);
Get()(BareController.prototype, 'bare', Object.getOwnPropertyDescriptor(BareController.prototype, 'bare'));

const config = AppConfig.fromEnv({ DATA_DIR: folder, ADMIN_TOKEN: 'bench-administrator-token' });
const logger = createLogger('silent');
const whole = ServerModule.forRoot({ config, logger, databaseUrl: url });
class BenchModule {}
Module({ imports: [whole], controllers: [BareController] })(BenchModule);
const app = await NestFactory.create(BenchModule, {
  ...FRONT_OPTIONS,
  logger: new NestLogger(logger),
  abortOnError: false,
});
mountFront(app);
await app.listen(0, '127.0.0.1');
process.send({ port: app.getHttpServer().address().port });
