import { ERROR_CODES } from './error-catalogue.js';
import { getError } from './error-status.js';

/** The text of docs/errors.md. */
export function errorsPage(): string {
  const rows = ERROR_CODES.map((code) => {
    const { status, meaning, remedy } = getError(code);
    return `| \`${code}\` | ${status} | ${meaning} | ${remedy} |`;
  });
  return `# Errors

Every foreseen error has a code that does not change. The API answers with a problem document (RFC 9457) that carries it, with the
status below; the command line prints the sentence, and with \`--json\` the code. Codes of the start and of the command line stand
here too. Anything else is \`http/unforeseen\`, status 500: a defect, whose details are in the log under the answer's \`request_id\`.

| Code | Status | What it means | What to do |
| --- | --- | --- | --- |
${rows.join('\n')}

Made by \`npm run openapi\` from \`apps/server/src/openapi/error-catalogue.ts\`; a test compares them.
`;
}
