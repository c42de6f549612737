import { ERROR_CODES } from './error-catalogue.js';
import { ERROR_FAMILIES, familyOf } from './error-families.js';
import { getError } from './error-status.js';

/** The text of docs/errors.md. */
export function errorsPage(): string {
  return `# Errors

Every error has a code that does not change. The API answers with a problem document (RFC 9457) that carries it, with the status below; the
command line prints the sentence, and with \`--json\` the code. Runs, restores, writes and log lines carry the same codes, also those of the
start and of the command line, which no request ever gets. Status 500 is a defect, or a matter of the server’s own files: its details are in the
log under the answer's \`request_id\`. What one sees when something is wrong, and how to go about it, is in
[TROUBLESHOOTING.md](TROUBLESHOOTING.md).

${Object.entries(ERROR_FAMILIES).map(familySection).join('\n')}
Made by \`npm run openapi\` from \`apps/server/src/openapi/error-catalogue.ts\`; a test compares them.
`;
}

function familySection([family, about]: [string, string]): string {
  const rows = ERROR_CODES.filter((code) => familyOf(code) === family).map((code) => {
    const { status, meaning, remedy } = getError(code);
    return `| \`${code}\` | ${status} | ${meaning} | ${remedy} |`;
  });
  return `## ${family}

${about[0].toUpperCase()}${about.slice(1)}.

| Code | Status | What has happened | What to do |
| --- | --- | --- | --- |
${rows.join('\n')}
`;
}
