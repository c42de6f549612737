import { Module } from '@nestjs/common';
import { MetricSources } from './metric-source.js';

/** Collects what features tell of themselves. */
@Module({ providers: [MetricSources], exports: [MetricSources] })
export class MetricsModule {}
