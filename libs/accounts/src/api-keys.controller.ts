import { CurrentActor, Permit } from '@app/auth';
import { IdParam, NoReplay, ProblemDocument } from '@app/http';
import { type Actor } from '@app/kernel';
import { Body, Controller, Delete, Get, Header, HttpCode, HttpStatus, Param, Post } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  ApiUnauthorizedResponse,
} from '@nestjs/swagger';
import { ApiKeysService } from './api-keys.service.js';
import { AddKeyBody, ApiKeyView, apiKeyView, CreatedKeyView, createdKeyView } from './dto/api-key.view.js';

@ApiTags('accounts')
@ApiBearerAuth()
@ApiUnauthorizedResponse({ type: ProblemDocument, description: 'auth/unauthenticated' })
@Permit('administrator')
@Controller('api/keys')
export class ApiKeysController {
  constructor(private readonly keys: ApiKeysService) {}

  @Get()
  @ApiOperation({ summary: 'List the keys of programs, revoked ones too' })
  @ApiOkResponse({ type: ApiKeyView, isArray: true })
  async list(): Promise<ApiKeyView[]> {
    return (await this.keys.list()).map(apiKeyView);
  }

  @Post()
  @NoReplay()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Make a key for a program', description: 'The answer is the only one that has the key.' })
  @ApiCreatedResponse({ type: CreatedKeyView })
  @ApiBadRequestResponse({ type: ProblemDocument, description: 'http/invalid-request, accounts/bad-key' })
  async add(@Body() body: AddKeyBody, @CurrentActor() actor: Actor): Promise<CreatedKeyView> {
    const { name, role, expires_at: expiresAt } = body;
    return createdKeyView(await this.keys.create({ name, role, expiresAt }, actor));
  }

  @Delete(':id')
  @HttpCode(HttpStatus.NO_CONTENT)
  @ApiOperation({ summary: 'Revoke a key', description: 'At once and for ever; it stays in the list.' })
  @ApiNoContentResponse()
  @ApiNotFoundResponse({ type: ProblemDocument, description: 'accounts/key-not-found' })
  async revoke(@Param() { id }: IdParam, @CurrentActor() actor: Actor): Promise<void> {
    await this.keys.revoke(id, actor);
  }
}
