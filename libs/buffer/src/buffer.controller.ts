import { Permit } from '@app/auth';
import { IdParam, pageOf, Problems } from '@app/http';
import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { DeviceUserBufferService } from './buffer.service.js';
import { BufferedUserView, bufferedUserView } from './dto/buffered-user.view.js';
import { ListBufferQuery } from './dto/list-buffer.query.js';

class BufferedUserPage extends pageOf(BufferedUserView) {}

@ApiTags('buffer')
@ApiBearerAuth()
@Permit('viewer')
@Controller('api/device-users/buffer')
export class BufferController {
  constructor(private readonly buffer: DeviceUserBufferService) {}

  @Get()
  @ApiOperation({ summary: 'List buffered device users, in the order of their discovery' })
  @ApiOkResponse({ type: BufferedUserPage })
  @Problems('http/bad-cursor')
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
  @Problems('buffer/user-not-found')
  async get(@Param() { id }: IdParam): Promise<BufferedUserView> {
    return bufferedUserView(await this.buffer.get(id));
  }
}
