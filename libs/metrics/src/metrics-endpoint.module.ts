import { ClockModule } from '@app/config';
import { type DynamicModule, Module } from '@nestjs/common';
import { CollectedSources, SOURCE_TIMEOUT_MS } from './collected-sources.js';
import { HttpDurations } from './http-durations.js';
import { MetricsController } from './metrics.controller.js';
import { MetricsModule } from './metrics.module.js';
import { MetricsPage } from './metrics-page.js';
import { ProcessFigures, PROGRAM_VERSION } from './process-figures.js';

/** Prometheus itself gives up after ten. */
const STANDARD_TIMEOUT_MS = 5_000;

/** Shows what features tell of themselves, and what the process tells of itself, to Prometheus. */
@Module({})
export class MetricsEndpointModule {
  static forRoot({ version }: { readonly version: string }): DynamicModule {
    return {
      module: MetricsEndpointModule,
      imports: [ClockModule, MetricsModule],
      controllers: [MetricsController],
      providers: [
        MetricsPage,
        CollectedSources,
        HttpDurations,
        ProcessFigures,
        { provide: PROGRAM_VERSION, useValue: version },
        { provide: SOURCE_TIMEOUT_MS, useValue: STANDARD_TIMEOUT_MS },
      ],
    };
  }
}
