import { Permit } from '@app/auth';
import { AppConfig } from '@app/config';
import { Problems } from '@app/http';
import { Controller, Get, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { MetricsOffError } from './metrics.errors.js';
import { METRICS_PATH, METRICS_TYPE, MetricsPage } from './metrics-page.js';

@ApiTags('metrics')
@ApiBearerAuth()
@Permit('viewer')
@Controller(METRICS_PATH)
export class MetricsController {
  constructor(
    private readonly config: AppConfig,
    private readonly page: MetricsPage,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'Figures for Prometheus',
    description:
      'docs/monitoring tells what each means, with alert rules and a dashboard. `METRICS` says who may read them.',
  })
  @ApiOkResponse({ content: { 'text/plain': { schema: { type: 'string' } } } })
  @Problems('metrics/off')
  async show(@Res() response: Response): Promise<void> {
    if (this.config.metrics === 'off') throw new MetricsOffError();
    response.type(METRICS_TYPE).send(await this.page.text());
  }
}
