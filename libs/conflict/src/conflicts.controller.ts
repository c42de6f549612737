import { CurrentActor, Permit } from '@app/auth';
import { IdParam, pageOf, ProblemDocument } from '@app/http';
import { type Actor } from '@app/kernel';
import { Body, Controller, Get, Headers, HttpCode, HttpStatus, Param, Post, Query, Res } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiBearerAuth,
  ApiConflictResponse,
  ApiForbiddenResponse,
  ApiHeader,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiPreconditionFailedResponse,
  ApiServiceUnavailableResponse,
  ApiTags,
  ApiUnauthorizedResponse,
} from '@nestjs/swagger';
import type { Response } from 'express';
import { ConflictResolutionService } from './conflict-resolution.service.js';
import { ConflictDetailView, conflictDetailView } from './dto/conflict-detail.view.js';
import { ConflictView, conflictView } from './dto/conflict.view.js';
import { ListConflictsQuery } from './dto/list-conflicts.query.js';
import { type ChoicesBody, ResolveConflictBody } from './dto/resolve-conflict.body.js';
import { type Choices } from './rules.js';

class ConflictPage extends pageOf(ConflictView) {}

const ETAG = { ETag: { description: 'The version that a decision can name.', schema: { type: 'string' } } };

@ApiTags('conflicts')
@ApiBearerAuth()
@ApiUnauthorizedResponse({ type: ProblemDocument, description: 'auth/unauthenticated' })
@ApiForbiddenResponse({ type: ProblemDocument, description: 'auth/forbidden' })
@Controller('api/device-users/conflicts')
export class ConflictsController {
  constructor(private readonly conflicts: ConflictResolutionService) {}

  @Get()
  @Permit('viewer')
  @ApiOperation({
    summary: 'List contradictions between device and database, in the order of their detection',
    description: 'Unsettled ones unless `resolved=true`.',
  })
  @ApiOkResponse({ type: ConflictPage })
  @ApiBadRequestResponse({ type: ProblemDocument, description: 'http/invalid-request, http/bad-cursor' })
  async list(@Query() query: ListConflictsQuery): Promise<ConflictPage> {
    const { device_id: deviceId, device_user_id: deviceUserId, type, resolved, ...page } = query;
    const { items, nextCursor } = await this.conflicts.listConflicts({ deviceId, deviceUserId, type, resolved }, page);
    return { items: items.map(conflictView), next_cursor: nextCursor };
  }

  @Get(':id')
  @Permit('viewer')
  @ApiOperation({
    summary: 'Show one contradiction with both versions, the one last agreed on, and what each strategy would do',
  })
  @ApiOkResponse({ type: ConflictDetailView, headers: ETAG })
  @ApiBadRequestResponse({ type: ProblemDocument, description: 'http/invalid-request' })
  @ApiNotFoundResponse({ type: ProblemDocument, description: 'conflict/not-found' })
  async get(@Param() { id }: IdParam, @Res({ passthrough: true }) response: Response): Promise<ConflictDetailView> {
    const detail = await this.conflicts.describeConflict(id);
    response.setHeader('ETag', `"${detail.conflict.version}"`);
    return conflictDetailView(detail);
  }

  @Post(':id/resolve')
  @Permit('operator')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({
    summary: 'Settle a contradiction: use_device, use_database or merge',
    description:
      'Device and database agree afterwards in every compared attribute, which is confirmed by reading the user back; or ' +
      'nothing is changed and the conflict stays open.',
  })
  @ApiHeader({ name: 'If-Match', required: false, description: 'The ETag that was decided on.' })
  @ApiOkResponse({ type: ConflictView })
  @ApiBadRequestResponse({
    type: ProblemDocument,
    description: 'http/invalid-request, conflict/vain-choice, device-writer/unwritable-value',
  })
  @ApiNotFoundResponse({ type: ProblemDocument, description: 'conflict/not-found, device-writer/user-absent' })
  @ApiConflictResponse({
    type: ProblemDocument,
    description:
      'conflict/already-resolved, conflict/changed-meanwhile, conflict/user-not-mapped, ' +
      'conflict/pin-unknown, conflict/empty-value, conflict/no-agreement, coordination/lease-busy, device-writer/write-pending, ' +
      'monitoring/tripped, device-writer/undetermined',
  })
  @ApiPreconditionFailedResponse({
    type: ProblemDocument,
    description: 'conflict/stale-decision',
  })
  @ApiServiceUnavailableResponse({
    type: ProblemDocument,
    description:
      'device/unreachable, device/not-connected, device/incomplete-read, …: nothing was sent; device-writer/not-done: the ' +
      'user is as before; device-writer/unsettled: it is settled by reading',
  })
  async resolve(
    @Param() { id }: IdParam,
    @Body() body: ResolveConflictBody,
    @CurrentActor() actor: Actor,
    @Headers('if-match') ifMatch: string | undefined,
  ): Promise<ConflictView> {
    const { strategy, choices, notes, shorten_name: shortenName, confirm_tripped: confirmTripped } = body;
    const request = {
      strategy,
      choices: choices && choicesOf(choices),
      notes,
      shortenName,
      confirmTripped,
      version: versionOf(ifMatch),
    };
    return conflictView(await this.conflicts.resolveConflict(id, request, actor));
  }
}

/** The choices that were made, and no key for any other. */
function choicesOf(body: ChoicesBody): Choices {
  return Object.fromEntries(Object.entries(body).filter(([, side]) => side !== undefined));
}

/** The version that an If-Match names; undefined: any. */
function versionOf(ifMatch: string | undefined): string | undefined {
  const tag = ifMatch?.trim();
  return tag === undefined || tag === '*' ? undefined : tag.replace(/^W\//, '').replace(/^"(.*)"$/, '$1');
}
