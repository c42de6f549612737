import { BearerGuesses } from '@app/auth';
import { callerAddress, NoReplay, ProblemDocument, Public } from '@app/http';
import { Body, Controller, Header, Post, Req } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiConflictResponse,
  ApiCreatedResponse,
  ApiOperation,
  ApiServiceUnavailableResponse,
  ApiTags,
  ApiTooManyRequestsResponse,
  ApiUnauthorizedResponse,
} from '@nestjs/swagger';
import type { Request } from 'express';
import { SetupTokenError } from './accounts.errors.js';
import { SetUpBody } from './dto/account.body.js';
import { OpenedSessionView, openedSessionView } from './dto/session.view.js';
import { FirstAdministrator } from './first-administrator.js';

@ApiTags('session')
@Public()
@Controller('api/setup')
export class SetupController {
  constructor(
    private readonly first: FirstAdministrator,
    private readonly guesses: BearerGuesses,
  ) {}

  @Post()
  @NoReplay()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: 'Become the first administrator',
    description: 'With the set-up token of the banner, which works once. Signs in too: the answer has a token.',
  })
  @ApiCreatedResponse({ type: OpenedSessionView })
  @ApiBadRequestResponse({
    type: ProblemDocument,
    description: 'http/invalid-request, accounts/bad-name, accounts/weak-password',
  })
  @ApiUnauthorizedResponse({ type: ProblemDocument, description: 'accounts/setup-token' })
  @ApiConflictResponse({ type: ProblemDocument, description: 'accounts/name-taken' })
  @ApiTooManyRequestsResponse({
    type: ProblemDocument,
    description: 'auth/too-many-attempts, http/too-many-requests',
  })
  @ApiServiceUnavailableResponse({ type: ProblemDocument, description: 'accounts/busy' })
  async setUp(@Body() { token, ...wanted }: SetUpBody, @Req() request: Request): Promise<OpenedSessionView> {
    const address = callerAddress(request);
    this.guesses.requireMayTry(address, token);
    try {
      const opened = await this.first.setUp(token, wanted);
      this.guesses.noteGood(opened.token);
      return openedSessionView(opened);
    } catch (error) {
      if (error instanceof SetupTokenError) this.guesses.noteFailure(address, token);
      throw error;
    }
  }
}
