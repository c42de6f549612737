import { CurrentActor, Permit } from '@app/auth';
import { DevicesService } from '@app/devices';
import { IdParam, pageOf, ProblemDocument } from '@app/http';
import { type Actor } from '@app/kernel';
import { Body, Controller, Delete, Get, HttpCode, HttpStatus, Param, Post, Query } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiBearerAuth,
  ApiBody,
  ApiConflictResponse,
  ApiForbiddenResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiServiceUnavailableResponse,
  ApiTags,
  ApiTooManyRequestsResponse,
  ApiUnauthorizedResponse,
} from '@nestjs/swagger';
import { DeviceUserDeletions } from './device-user-deletions.service.js';
import { DeletionReason, DeviceUserParam, ListDeletionsQuery, TripConfirmation } from './dto/deletion.requests.js';
import { DeletionView, deletionView, UndoneDeletionView, undoneDeletionView } from './dto/deletion.view.js';

class DeletionPage extends pageOf(DeletionView) {}

const BUSY =
  'coordination/lease-busy, device-writer/write-pending, monitoring/tripped, device/serial-mismatch, device-writer/undetermined';
const FAILED =
  'device/unreachable, device/not-connected, device/incomplete-read, …: nothing was sent; device-writer/not-done: the ' +
  'user is as before; device-writer/unsettled: it is settled by reading';

@ApiTags('device users')
@ApiBearerAuth()
@ApiUnauthorizedResponse({ type: ProblemDocument, description: 'auth/unauthenticated' })
@ApiForbiddenResponse({ type: ProblemDocument, description: 'auth/forbidden, device-writer/administrators-only' })
@Controller('api/device-users')
export class DeviceUserDeletionsController {
  constructor(
    private readonly devices: DevicesService,
    private readonly deletions: DeviceUserDeletions,
  ) {}

  @Get('deletions')
  @ApiOperation({ summary: 'List the users that administrators deleted from terminals, newest first' })
  @ApiOkResponse({ type: DeletionPage })
  @ApiBadRequestResponse({ type: ProblemDocument, description: 'http/invalid-request, http/bad-cursor' })
  @Permit('operator')
  async list(@Query() { device_id: deviceId, ...page }: ListDeletionsQuery): Promise<DeletionPage> {
    const { items, nextCursor } = await this.deletions.list({ ...page, deviceId });
    return { items: items.map(deletionView), next_cursor: nextCursor };
  }

  @Delete(':deviceId/:deviceUserId')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({
    summary: 'Delete one user from a terminal',
    description:
      'The user is read with all credentials and kept, sealed, so that the deletion can be undone; then it is deleted, ' +
      'and its absence proven. Mapping, buffer row and punches stay. The reason comes in the body or in the query.',
  })
  @ApiBody({ type: DeletionReason, required: false })
  @ApiOkResponse({ type: DeletionView })
  @ApiBadRequestResponse({ type: ProblemDocument, description: 'http/invalid-request, device-writer/reason-required' })
  @ApiNotFoundResponse({ type: ProblemDocument, description: 'devices/not-found, device-writer/user-absent' })
  @ApiConflictResponse({ type: ProblemDocument, description: BUSY })
  @ApiTooManyRequestsResponse({ type: ProblemDocument, description: 'device-writer/deletion-budget' })
  @ApiServiceUnavailableResponse({ type: ProblemDocument, description: FAILED })
  @Permit('administrator')
  async delete(
    @Param() { deviceId, deviceUserId }: DeviceUserParam,
    @Body() body: DeletionReason,
    @Query() query: DeletionReason,
    @CurrentActor() actor: Actor,
  ): Promise<DeletionView> {
    const reason = body.reason ?? query.reason ?? '';
    const confirmTripped = body.confirm_tripped ?? query.confirm_tripped;
    const device = await this.devices.get(deviceId);
    return deletionView(await this.deletions.delete(device, deviceUserId, { reason, actor, confirmTripped }));
  }

  @Post('deletions/:id/undo')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({
    summary: 'Bring a deleted user back',
    description:
      'With every credential, bit for bit; the slot is another one when its own is taken, and the answer says so.',
  })
  @ApiOkResponse({ type: UndoneDeletionView })
  @ApiBadRequestResponse({ type: ProblemDocument, description: 'http/invalid-request, device-writer/unwritable-value' })
  @ApiNotFoundResponse({ type: ProblemDocument, description: 'device-writer/deletion-not-found' })
  @ApiConflictResponse({
    type: ProblemDocument,
    description: `device-writer/already-undone, device-writer/snapshot-erased, backup/erased, device-writer/user-present, ${BUSY}`,
  })
  @ApiServiceUnavailableResponse({ type: ProblemDocument, description: FAILED })
  @ApiBody({ type: TripConfirmation, required: false })
  @Permit('administrator')
  async undo(
    @Param() { id }: IdParam,
    @Body() { confirm_tripped: confirmTripped }: TripConfirmation,
    @CurrentActor() actor: Actor,
  ): Promise<UndoneDeletionView> {
    return undoneDeletionView(await this.deletions.undo(id, actor, { confirmTripped }));
  }
}
