import { type OpenAPIObject } from '@nestjs/swagger';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

/** Says what of an answer's value does not fit the document; undefined: it fits. */
export type AnswerChecker = (
  operationId: string,
  status: number,
  contentType: string,
  value: unknown,
) => string | undefined;

/** A checker of answers by the document: the status must be there, with this content type, and the value must fit. */
export function answerChecker(document: OpenAPIObject): AnswerChecker {
  const ajv = new Ajv2020({ strict: false, allErrors: false });
  (addFormats as unknown as (ajv: Ajv2020) => void)(ajv);
  ajv.addSchema({ ...document, $id: 'api' } as object);
  const places = new Map<string, { readonly pointer: string; readonly responses: Record<string, unknown> }>();
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(operations as Record<string, { operationId?: string }>)) {
      const { responses } = operation as unknown as { responses: Record<string, unknown> };
      places.set(operation.operationId ?? '', { pointer: `#/paths/${escaped(path)}/${method}/responses`, responses });
    }
  }
  const compiled = new Map<string, ValidateFunction>();
  return (operationId, status, contentType, value) => {
    const place = places.get(operationId);
    const response = place?.responses[String(status)] as { content?: Record<string, { schema?: object }> } | undefined;
    if (!place || !response) return `status ${status} is not described`;
    if (response.content === undefined) return value === '' ? undefined : 'an answer without content has some';
    if (!response.content[contentType]?.schema) return `content type ${contentType} is not described for ${status}`;
    const pointer = `api${place.pointer}/${status}/content/${escaped(contentType)}/schema`;
    const validate = compiled.get(pointer) ?? ajv.compile({ $ref: pointer });
    compiled.set(pointer, validate);
    return validate(value) ? undefined : ajv.errorsText(validate.errors);
  };
}

function escaped(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
}
