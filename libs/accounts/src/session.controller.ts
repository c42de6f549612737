import {
  BearerGuesses,
  type Caller,
  CurrentCaller,
  Permit,
  requireSameOrigin,
  SESSION_COOKIE,
  sessionCookieOptions,
} from '@app/auth';
import { callerAddress, NoReplay, ProblemDocument, Public } from '@app/http';
import { Body, Controller, Delete, Get, Header, HttpCode, HttpStatus, Post, Req, Res } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiBearerAuth,
  ApiConflictResponse,
  ApiCreatedResponse,
  ApiForbiddenResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiServiceUnavailableResponse,
  ApiTags,
  ApiTooManyRequestsResponse,
  ApiUnauthorizedResponse,
} from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { NoSessionError } from './accounts.errors.js';
import { AccountsService } from './accounts.service.js';
import { ChangePasswordBody, LoginBody } from './dto/account.body.js';
import {
  cookieSessionView,
  OpenedSessionView,
  openedSessionView,
  SessionView,
  sessionView,
} from './dto/session.view.js';
import { LoginService } from './login.service.js';
import { SessionsService } from './sessions.service.js';

@ApiTags('session')
@Permit('viewer')
@Controller('api/session')
export class SessionController {
  constructor(
    private readonly logins: LoginService,
    private readonly sessions: SessionsService,
    private readonly accounts: AccountsService,
    private readonly guesses: BearerGuesses,
  ) {}

  @Post()
  @NoReplay()
  @Public()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: 'Sign in',
    description:
      'Programs get a token for "Authorization: Bearer …"; browsers ask for a cookie. An unknown name, a wrong password ' +
      'and an account at rest get the same answer.',
  })
  @ApiCreatedResponse({ type: OpenedSessionView })
  @ApiBadRequestResponse({ type: ProblemDocument, description: 'http/invalid-request' })
  @ApiUnauthorizedResponse({ type: ProblemDocument, description: 'accounts/login-failed' })
  @ApiForbiddenResponse({ type: ProblemDocument, description: 'auth/cross-site' })
  @ApiTooManyRequestsResponse({
    type: ProblemDocument,
    description: 'auth/too-many-attempts, http/too-many-requests',
  })
  @ApiServiceUnavailableResponse({ type: ProblemDocument, description: 'accounts/busy' })
  async login(
    @Body() { name, password, cookie }: LoginBody,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<OpenedSessionView> {
    if (cookie) requireSameOrigin(request);
    const opened = await this.logins.login(name, password, callerAddress(request));
    this.guesses.noteGood(opened.token);
    if (!cookie) return openedSessionView(opened);
    response.cookie(SESSION_COOKIE, opened.token, sessionCookieOptions(request, opened.expiresAt));
    return cookieSessionView(opened);
  }

  @Get()
  @ApiBearerAuth()
  @ApiOperation({ summary: 'Who am I?' })
  @ApiOkResponse({ type: SessionView })
  @ApiUnauthorizedResponse({ type: ProblemDocument, description: 'auth/unauthenticated' })
  whoAmI(@CurrentCaller() caller: Caller): SessionView {
    return sessionView(caller);
  }

  @Delete()
  @HttpCode(HttpStatus.NO_CONTENT)
  @ApiBearerAuth()
  @ApiOperation({ summary: 'Log out' })
  @ApiNoContentResponse({ description: 'The token is worth nothing any more.' })
  @ApiUnauthorizedResponse({ type: ProblemDocument, description: 'auth/unauthenticated' })
  @ApiForbiddenResponse({ type: ProblemDocument, description: 'auth/cross-site' })
  @ApiConflictResponse({ type: ProblemDocument, description: 'accounts/no-session' })
  async logout(
    @CurrentCaller() { session, name, actor }: Caller,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<void> {
    if (!session) throw new NoSessionError();
    await this.sessions.end(session.id, name, actor);
    response.clearCookie(SESSION_COOKIE, sessionCookieOptions(request));
  }

  @Post('password')
  @NoReplay()
  @HttpCode(HttpStatus.NO_CONTENT)
  @ApiBearerAuth()
  @ApiOperation({
    summary: 'Change my password',
    description: 'All my sessions end, this one too. A wrong current password counts like a failed log-in.',
  })
  @ApiNoContentResponse()
  @ApiBadRequestResponse({
    type: ProblemDocument,
    description: 'http/invalid-request, accounts/weak-password, accounts/wrong-password',
  })
  @ApiUnauthorizedResponse({ type: ProblemDocument, description: 'auth/unauthenticated' })
  @ApiForbiddenResponse({ type: ProblemDocument, description: 'auth/cross-site' })
  @ApiConflictResponse({ type: ProblemDocument, description: 'accounts/no-session' })
  @ApiServiceUnavailableResponse({ type: ProblemDocument, description: 'accounts/busy' })
  async changePassword(
    @Body() { current_password: current, password }: ChangePasswordBody,
    @CurrentCaller() caller: Caller,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<void> {
    await this.accounts.changeOwnPassword(caller, current, password, callerAddress(request));
    response.clearCookie(SESSION_COOKIE, sessionCookieOptions(request));
  }
}
