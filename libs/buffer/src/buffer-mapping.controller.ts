import { CurrentActor, Permit } from '@app/auth';
import { IdParam, ProblemDocument } from '@app/http';
import { type Actor } from '@app/kernel';
import { EndMappingQuery } from '@app/people';
import { Body, Controller, Delete, HttpCode, HttpStatus, Param, Post, Query } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiBearerAuth,
  ApiConflictResponse,
  ApiNoContentResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  ApiUnauthorizedResponse,
} from '@nestjs/swagger';
import { BufferMappingService } from './buffer-mapping.service.js';
import { DeviceUserBufferService } from './buffer.service.js';
import { BufferedUserView, bufferedUserView } from './dto/buffered-user.view.js';
import { IgnoreUserBody, MapManyBody, MapUserBody } from './dto/map-user.body.js';
import { MappingOutcomesView, mappingOutcomesView } from './dto/mapping-outcomes.view.js';

/** What a person decides about buffered users. Nothing of it changes a terminal. */
@ApiTags('buffer')
@ApiBearerAuth()
@ApiUnauthorizedResponse({ type: ProblemDocument, description: 'auth/unauthenticated' })
@Permit('operator')
@Controller('api/device-users/buffer')
export class BufferMappingController {
  constructor(
    private readonly buffer: DeviceUserBufferService,
    private readonly mapping: BufferMappingService,
  ) {}

  @Post('map')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({
    summary: 'Map many buffered users',
    description: 'Each row by itself: a refused one says why and stops no other. Safe to repeat.',
  })
  @ApiOkResponse({ type: MappingOutcomesView })
  @ApiBadRequestResponse({ type: ProblemDocument, description: 'http/invalid-request' })
  async mapMany(@Body() { mappings }: MapManyBody, @CurrentActor() actor: Actor): Promise<MappingOutcomesView> {
    const wishes = mappings.map((wish) => ({
      bufferId: wish.buffer_id,
      personId: wish.person_id,
      personType: wish.person_type,
    }));
    return mappingOutcomesView(await this.mapping.mapMany(wishes, actor));
  }

  @Post(':id/map')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({
    summary: 'Map a buffered user to a person',
    description: 'Safe to repeat. What is taken is refused, never moved: remove the other mapping first.',
  })
  @ApiOkResponse({ type: BufferedUserView })
  @ApiBadRequestResponse({ type: ProblemDocument, description: 'http/invalid-request, people/no-such-person' })
  @ApiNotFoundResponse({ type: ProblemDocument, description: 'buffer/user-not-found' })
  @ApiConflictResponse({ type: ProblemDocument, description: 'people/mapping-taken' })
  async map(
    @Param() { id }: IdParam,
    @Body() { person_id: personId, person_type: personType }: MapUserBody,
    @CurrentActor() actor: Actor,
  ): Promise<BufferedUserView> {
    await this.buffer.markAsMapped(id, { personId, personType }, actor);
    return bufferedUserView(await this.buffer.get(id));
  }

  @Delete(':id/map')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({ summary: 'Remove the mapping of a buffered user', description: 'It waits for a mapping again.' })
  @ApiOkResponse({ type: BufferedUserView })
  @ApiBadRequestResponse({ type: ProblemDocument, description: 'http/invalid-request' })
  @ApiNotFoundResponse({ type: ProblemDocument, description: 'buffer/user-not-found, people/no-such-mapping' })
  async unmap(
    @Param() { id }: IdParam,
    @Query() { as }: EndMappingQuery,
    @CurrentActor() actor: Actor,
  ): Promise<BufferedUserView> {
    await this.mapping.unmap(id, as, actor);
    return bufferedUserView(await this.buffer.get(id));
  }

  @Post(':id/ignore')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({
    summary: 'Put a buffered user aside that needs no mapping',
    description: 'It stays in the buffer and on the terminal.',
  })
  @ApiOkResponse({ type: BufferedUserView })
  @ApiBadRequestResponse({ type: ProblemDocument, description: 'http/invalid-request' })
  @ApiNotFoundResponse({ type: ProblemDocument, description: 'buffer/user-not-found' })
  @ApiConflictResponse({ type: ProblemDocument, description: 'buffer/not-waiting' })
  async ignore(
    @Param() { id }: IdParam,
    @Body() { reason }: IgnoreUserBody,
    @CurrentActor() actor: Actor,
  ): Promise<BufferedUserView> {
    await this.mapping.ignore(id, reason, actor);
    return bufferedUserView(await this.buffer.get(id));
  }

  @Delete(':id/ignore')
  @HttpCode(HttpStatus.NO_CONTENT)
  @ApiOperation({ summary: 'Take up a buffered user again that was put aside' })
  @ApiNoContentResponse()
  @ApiBadRequestResponse({ type: ProblemDocument, description: 'http/invalid-request' })
  @ApiNotFoundResponse({ type: ProblemDocument, description: 'buffer/user-not-found' })
  async notice(@Param() { id }: IdParam, @CurrentActor() actor: Actor): Promise<void> {
    await this.mapping.notice(id, actor);
  }
}
