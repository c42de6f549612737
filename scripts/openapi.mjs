/** `npm run openapi`: writes docs/openapi.json and docs/errors.md as the program is now. Needs no database. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureBuilt, ensureInstalled, root } from './lib/prepare.mjs';

ensureInstalled();
ensureBuilt();
const built = (file) => import(pathToFileURL(join(root, 'dist/apps/server/src/openapi', file)).href);
const { previewApi } = await built('preview.js');
const { printDocument } = await built('describe-api.js');
const { errorsPage } = await built('errors-page.js');
writeFileSync(join(root, 'docs/openapi.json'), printDocument(await previewApi()));
writeFileSync(join(root, 'docs/errors.md'), errorsPage());
process.exit(0);
