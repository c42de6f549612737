import { Global, Module } from '@nestjs/common';
import { MetricSources } from './metric-source.js';

/** Collects what features tell of themselves. */
@Global()
@Module({ providers: [MetricSources], exports: [MetricSources] })
export class MetricsModule {}
