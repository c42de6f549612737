import { CurrentActor, Permit } from '@app/auth';
import { IdParam, pageOf, Problems } from '@app/http';
import { type Actor, type PersonRef } from '@app/kernel';
import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { EraseBody, ListErasuresQuery } from './dto/erasure.requests.js';
import { ErasedView, ErasureDetailView, erasureDetailView, ErasureView, erasureView } from './dto/erasure.view.js';
import { type Erasure } from './erasure.entity.js';
import { ErasureTargetError } from './erasure.errors.js';
import { Erasures } from './erasures.service.js';
import { HeldBackupsService } from './held-backups.js';

class ErasurePage extends pageOf(ErasureView) {}

@ApiTags('erasure')
@ApiBearerAuth()
@Controller('api/device-users/erasures')
export class ErasuresController {
  constructor(
    private readonly erasures: Erasures,
    private readonly held: HeldBackupsService,
  ) {}

  @Get()
  @ApiOperation({ summary: 'List who was erased, newest first' })
  @ApiOkResponse({ type: ErasurePage })
  @Problems('http/bad-cursor')
  @Permit('operator')
  async list(@Query() { device_id: deviceId, ...page }: ListErasuresQuery): Promise<ErasurePage> {
    const { items, nextCursor } = await this.erasures.list({ ...page, deviceId });
    return { items: items.map(erasureView), next_cursor: nextCursor };
  }

  @Get(':id')
  @ApiOperation({ summary: 'Show one erasure, and when the last backup that holds the user is gone' })
  @ApiOkResponse({ type: ErasureDetailView })
  @Problems('backup/erasure-not-found')
  @Permit('operator')
  async get(@Param() { id }: IdParam): Promise<ErasureDetailView> {
    return this.detail(await this.erasures.get(id));
  }

  @Post()
  @ApiOperation({
    summary: 'Erase one device user, or everybody that a person is mapped to, for good',
    description:
      'Nobody brings them back from a backup any more. They are deleted from their terminals with all credentials, and what the ' +
      'database keeps of them is taken out of it; where a terminal cannot be reached, that is tried again until it can. It ' +
      'cannot be undone.',
  })
  @ApiCreatedResponse({ type: ErasedView })
  @Problems(
    'devices/not-found',
    'backup/administrators-only',
    'backup/erasure-target',
    'backup/nobody-to-erase',
    'backup/reason-required',
  )
  @Permit('administrator')
  async erase(@Body() body: EraseBody, @CurrentActor() actor: Actor): Promise<ErasedView> {
    const { device_id: deviceId, device_user_id: deviceUserId, reason } = body;
    const erased = await this.erasures.erase({ deviceId, deviceUserId, person: personOf(body), reason, actor });
    return { items: await Promise.all(erased.map((erasure) => this.detail(erasure))) };
  }

  private async detail(erasure: Erasure): Promise<ErasureDetailView> {
    return erasureDetailView(erasure, await this.held.heldBy(erasure));
  }
}

/** @throws {ErasureTargetError} only one half of it is given */
function personOf({ person_id: personId, person_type: personType }: EraseBody): PersonRef | undefined {
  if (personId !== undefined && personType !== undefined) return { personId, personType };
  if ((personId ?? personType) !== undefined) throw new ErasureTargetError();
  return undefined;
}
