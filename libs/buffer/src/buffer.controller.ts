import { AdminGuard } from '@app/auth';
import { IdParam, pageOf, ProblemDocument } from '@app/http';
import { Controller, Get, Param, Query, UseGuards } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiBearerAuth,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  ApiUnauthorizedResponse,
} from '@nestjs/swagger';
import { DeviceUserBufferService } from './buffer.service.js';
import { BufferedUserView, bufferedUserView } from './dto/buffered-user.view.js';
import { ListBufferQuery } from './dto/list-buffer.query.js';

class BufferedUserPage extends pageOf(BufferedUserView) {}

@ApiTags('buffer')
@ApiBearerAuth()
@ApiUnauthorizedResponse({ type: ProblemDocument, description: 'auth/unauthenticated' })
@UseGuards(AdminGuard)
@Controller('api/device-users/buffer')
export class BufferController {
  constructor(private readonly buffer: DeviceUserBufferService) {}

  @Get()
  @ApiOperation({ summary: 'List buffered device users, in the order of their discovery' })
  @ApiOkResponse({ type: BufferedUserPage })
  @ApiBadRequestResponse({ type: ProblemDocument, description: 'http/invalid-request, http/bad-cursor' })
  async list(@Query() query: ListBufferQuery): Promise<BufferedUserPage> {
    const filter = {
      status: query.status,
      deviceId: query.device_id,
      ignored: query.ignored,
      discoveredFrom: query.discovered_from,
      discoveredTo: query.discovered_to,
      lastSeenFrom: query.last_seen_from,
      lastSeenTo: query.last_seen_to,
      text: query.text,
    };
    const { items, nextCursor } = await this.buffer.listBuffer(filter, query);
    return { items: items.map(bufferedUserView), next_cursor: nextCursor };
  }

  @Get(':id')
  @ApiOperation({ summary: 'Show one buffered device user' })
  @ApiOkResponse({ type: BufferedUserView })
  @ApiBadRequestResponse({ type: ProblemDocument, description: 'http/invalid-request' })
  @ApiNotFoundResponse({ type: ProblemDocument, description: 'buffer/user-not-found' })
  async get(@Param() { id }: IdParam): Promise<BufferedUserView> {
    return bufferedUserView(await this.buffer.get(id));
  }
}
