import { ApiExtension } from '@nestjs/swagger';

/** Where the description of an operation keeps its codes until the document is made. */
export const PROBLEMS_EXTENSION = 'x-problems';

/**
 * States the error codes that a route can give of its own, once on its method. What every route can give (no valid token,
 * a request that is not understood) is known without. The document takes status and example of each code from the
 * catalogue of errors; a code that is not in it fails the making of the document.
 */
export function Problems(...codes: readonly string[]): MethodDecorator {
  return ApiExtension(PROBLEMS_EXTENSION, [...codes]) as MethodDecorator;
}
