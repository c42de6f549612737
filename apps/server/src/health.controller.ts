import { Problems, Public } from '@app/http';
import { AppError } from '@app/kernel';
import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { HealthCheckService, TypeOrmHealthIndicator } from '@nestjs/terminus';

class HealthView {
  @ApiProperty({ type: String, enum: ['ok'] }) readonly status: 'ok';
}

/** The database does not answer; the log says why. */
export class NotReadyError extends AppError {
  readonly code = 'server/not-ready';
  readonly kind = 'unavailable';

  constructor(cause: unknown) {
    super('The server cannot work now, since its database does not answer; the log says why', { cause });
  }
}

/** For load balancers and service managers; the only routes without a token, and they tell nothing but up or down. */
@ApiTags('health')
@Public()
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly database: TypeOrmHealthIndicator,
  ) {}

  @Get('live')
  @ApiOperation({ summary: 'Whether the process answers' })
  @ApiOkResponse({ type: HealthView })
  live(): HealthView {
    return { status: 'ok' };
  }

  @Get('ready')
  @ApiOperation({ summary: 'Whether it can work: the database answers' })
  @ApiOkResponse({ type: HealthView })
  @Problems('server/not-ready')
  async ready(): Promise<HealthView> {
    try {
      await this.health.check([() => this.database.pingCheck('database', { timeout: 2_000 })]);
      return { status: 'ok' };
    } catch (error) {
      throw new NotReadyError(error);
    }
  }
}
