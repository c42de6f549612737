import { type DynamicModule, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { dataSourceOptions } from './data-source-options.js';

/** Opens the one pool of the process; every library registers its own entities with it. */
@Module({})
export class DatabaseModule {
  static forRoot(options: { url: string; applicationName: string; poolSize?: number }): DynamicModule {
    const settings = { ...dataSourceOptions(options.url, options), autoLoadEntities: true, retryAttempts: 0 };
    return { module: DatabaseModule, imports: [TypeOrmModule.forRoot(settings)] };
  }
}
