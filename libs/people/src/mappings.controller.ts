import { CurrentActor, Permit } from '@app/auth';
import { IdParam, pageOf, ProblemDocument } from '@app/http';
import { type Actor } from '@app/kernel';
import { Controller, Delete, Get, HttpCode, HttpStatus, Param, Query } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiBearerAuth,
  ApiNoContentResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  ApiUnauthorizedResponse,
} from '@nestjs/swagger';
import { EndMappingQuery } from './dto/end-mapping.query.js';
import { ListMappingsQuery } from './dto/list-mappings.query.js';
import { MappingView, mappingView } from './dto/mapping.view.js';
import { UserMappingsService } from './user-mappings.service.js';

class MappingPageView extends pageOf(MappingView) {}

@ApiTags('mappings')
@ApiBearerAuth()
@ApiUnauthorizedResponse({ type: ProblemDocument, description: 'auth/unauthenticated' })
@Controller('api/device-users/mappings')
export class MappingsController {
  constructor(private readonly mappings: UserMappingsService) {}

  @Get()
  @Permit('viewer')
  @ApiOperation({ summary: 'List the mappings in force' })
  @ApiOkResponse({ type: MappingPageView })
  @ApiBadRequestResponse({ type: ProblemDocument, description: 'http/invalid-request, http/bad-cursor' })
  async list(@Query() query: ListMappingsQuery): Promise<MappingPageView> {
    const filter = { deviceId: query.device_id, personId: query.person_id };
    const { items, nextCursor } = await this.mappings.listOpen(filter, query);
    return { items: items.map(mappingView), next_cursor: nextCursor };
  }

  @Delete(':id')
  @Permit('operator')
  @HttpCode(HttpStatus.NO_CONTENT)
  @ApiOperation({
    summary: 'Remove a mapping',
    description: 'Nothing changes on the terminal, and the person stays. The user waits for a mapping again.',
  })
  @ApiNoContentResponse()
  @ApiBadRequestResponse({ type: ProblemDocument, description: 'http/invalid-request' })
  @ApiNotFoundResponse({ type: ProblemDocument, description: 'people/no-such-mapping' })
  async end(@Param() { id }: IdParam, @Query() { as }: EndMappingQuery, @CurrentActor() actor: Actor): Promise<void> {
    await this.mappings.endMapping(id, as, actor);
  }
}
