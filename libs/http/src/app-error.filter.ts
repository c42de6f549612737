import { DatabaseGoneError, tellsDatabaseGone } from '@app/database';
import { AppError } from '@app/kernel';
import { currentRequestId } from '@app/logging';
import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import type { Request, Response } from 'express';
import { bareProblem, type Problem, problemOf } from './problem.js';

const RETRY_AFTER_SECONDS = 30;

/** Answers every error with a problem document. What we did not foresee is logged whole and told as one sentence. */
@Catch()
export class AppErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger(AppErrorFilter.name);

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request>();
    const response = host.switchToHttp().getResponse<Response>();
    const problem = this.problemFor(error);
    if (response.headersSent) {
      response.end();
      return;
    }
    if (problem.status === 401) response.setHeader('WWW-Authenticate', 'Bearer realm="holdfast"');
    const retryAfterSeconds = retryAfterOf(problem);
    if (retryAfterSeconds !== undefined) response.setHeader('Retry-After', String(retryAfterSeconds));
    response
      .status(problem.status)
      .type('application/problem+json')
      .send(JSON.stringify({ ...problem, instance: request.path, request_id: currentRequestId() }));
  }

  private problemFor(error: unknown): Problem {
    if (error instanceof AppError) {
      if (error.kind === 'internal') this.logger.error(error);
      return problemOf(error);
    }
    const status = error instanceof HttpException ? error.getStatus() : statusOfMiddlewareError(error);
    if (status !== undefined && status < 500) return bareProblem(status, `http/${status}`, (error as Error).message);
    this.logger.error(error instanceof Error ? error : new Error(String(error)));
    if (tellsDatabaseGone(error)) return problemOf(new DatabaseGoneError(error));
    return bareProblem(500, 'http/unforeseen', 'Something went wrong that we did not foresee; the log has the details');
  }
}

/** An error that knows when it makes sense to come back says so itself. */
function retryAfterOf({ status, facts }: Problem): number | undefined {
  const told = facts?.retry_after_seconds;
  if (typeof told === 'number') return told;
  return status === 503 ? RETRY_AFTER_SECONDS : undefined;
}

/** Express middleware (the body parser) throws plain errors that carry a status. */
function statusOfMiddlewareError(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('status' in error)) return undefined;
  return typeof error.status === 'number' ? error.status : undefined;
}
