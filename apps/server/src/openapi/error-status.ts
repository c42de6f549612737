import { type Problem, bareProblem, statusOf } from '@app/http';
import { type CataloguedError, findError, otherStatusOf } from './error-catalogue.js';

/** @throws {Error} the code is not in the catalogue; a defect of whoever declared it */
export function getError(code: string): CataloguedError & { readonly status: number } {
  const error = findError(code);
  if (!error) throw new Error(`The error code ${code} is not in apps/server/src/openapi/error-catalogue.ts`);
  return { ...error, status: otherStatusOf(code) ?? statusOf(error.kind) };
}

/** The problem document that stands for a code in the API description. */
export function exampleOf(code: string): Problem {
  const { status, meaning, remedy } = getError(code);
  const requestId = '5f0c8a52-6f0e-4d3f-9a44-2f0f6f2f2c11';
  return { ...bareProblem(status, code, `${meaning}; ${remedy}`), request_id: requestId };
}
