import { CurrentActor, Permit } from '@app/auth';
import { IdParam, ProblemDocument } from '@app/http';
import { type Actor } from '@app/kernel';
import { Body, Controller, Get, HttpCode, HttpStatus, Param, Patch, Post } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiBearerAuth,
  ApiConflictResponse,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiServiceUnavailableResponse,
  ApiTags,
  ApiUnauthorizedResponse,
} from '@nestjs/swagger';
import { AccountsService } from './accounts.service.js';
import { AddAccountBody, ChangeAccountBody, NewPasswordBody } from './dto/account.body.js';
import { AccountView, accountView } from './dto/account.view.js';

@ApiTags('accounts')
@ApiBearerAuth()
@ApiUnauthorizedResponse({ type: ProblemDocument, description: 'auth/unauthenticated' })
@Permit('administrator')
@Controller('api/accounts')
export class AccountsController {
  constructor(private readonly accounts: AccountsService) {}

  @Get()
  @ApiOperation({ summary: 'List who may sign in' })
  @ApiOkResponse({ type: AccountView, isArray: true })
  async list(): Promise<AccountView[]> {
    return (await this.accounts.list()).map(accountView);
  }

  @Post()
  @ApiOperation({ summary: 'Let somebody sign in' })
  @ApiCreatedResponse({ type: AccountView })
  @ApiBadRequestResponse({
    type: ProblemDocument,
    description: 'http/invalid-request, accounts/bad-name, accounts/weak-password',
  })
  @ApiConflictResponse({ type: ProblemDocument, description: 'accounts/name-taken' })
  @ApiServiceUnavailableResponse({ type: ProblemDocument, description: 'accounts/busy' })
  async add(@Body() body: AddAccountBody, @CurrentActor() actor: Actor): Promise<AccountView> {
    return accountView(await this.accounts.create(body, actor));
  }

  @Patch(':id')
  @ApiOperation({ summary: 'Change a role, or put an account to rest', description: 'Its sessions end.' })
  @ApiOkResponse({ type: AccountView })
  @ApiBadRequestResponse({ type: ProblemDocument, description: 'http/invalid-request' })
  @ApiNotFoundResponse({ type: ProblemDocument, description: 'accounts/not-found' })
  @ApiConflictResponse({ type: ProblemDocument, description: 'accounts/last-administrator' })
  async change(
    @Param() { id }: IdParam,
    @Body() change: ChangeAccountBody,
    @CurrentActor() actor: Actor,
  ): Promise<AccountView> {
    return accountView(await this.accounts.change(id, change, actor));
  }

  @Post(':id/password')
  @HttpCode(HttpStatus.NO_CONTENT)
  @ApiOperation({ summary: 'Set another password for somebody who lost theirs', description: 'Their sessions end.' })
  @ApiNoContentResponse()
  @ApiBadRequestResponse({ type: ProblemDocument, description: 'http/invalid-request, accounts/weak-password' })
  @ApiNotFoundResponse({ type: ProblemDocument, description: 'accounts/not-found' })
  @ApiServiceUnavailableResponse({ type: ProblemDocument, description: 'accounts/busy' })
  async resetPassword(
    @Param() { id }: IdParam,
    @Body() { password }: NewPasswordBody,
    @CurrentActor() actor: Actor,
  ): Promise<void> {
    await this.accounts.resetPassword(id, password, actor);
  }
}
