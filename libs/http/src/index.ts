export { AppErrorFilter } from './app-error.filter.js';
export { decodeCursor, encodeCursor, BadCursorError } from './cursor.js';
export { IdParam } from './id-param.js';
export { MAX_PAGE_SIZE, PageQuery, pageOf } from './page.js';
export { type Problem, ProblemDocument, problemOf, statusOf } from './problem.js';
export { InvalidRequestError, requestValidation } from './request-validation.js';
export { assignRequestId } from './request-id.middleware.js';
export { HttpModule } from './http.module.js';
export { PUBLIC_ROUTE, Public } from './public.js';
