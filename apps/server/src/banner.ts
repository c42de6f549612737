import { type TokenOrigin } from '@app/auth';
import { type DatabaseServer } from '@app/database';
import { type Device } from '@app/devices';
import { type FinishedRun } from '@app/sync-services';
import { type DemoTerminal } from './demo-terminal.js';
import { DOCS_PATH } from './documentation.js';

/** Everything that the banner tells. */
export interface BannerFacts {
  readonly url: string;
  readonly token: TokenOrigin;
  readonly database: DatabaseServer;
  readonly demo?: DemoTerminal;
  readonly demoRun?: FinishedRun;
  readonly devices: readonly Device[];
}

/** What a person needs right after the start: where things are, what was read, what to do next. */
export function bannerText(facts: BannerFacts): string {
  const { url, database } = facts;
  const rows: (readonly [string, string])[] = [
    ['API', `${url}/api`],
    ['Swagger', `${url}/${DOCS_PATH}   (any user name, the token as password)`],
    ['Token', tokenText(facts.token)],
    ['Data', database.description],
    ...terminalRows(facts),
    ['Next', `npm run --silent cli -- device add --name "Front door" --address 192.168.1.201`],
    ['', 'npm run --silent cli -- --help'],
    ['Stop', 'Ctrl-C'],
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  const lines = rows.map(([label, text]) => `  ${label.padEnd(width)}  ${text}`);
  return `\n  Holdfast is running.\n\n${lines.join('\n')}\n\n`;
}

function tokenText(token: TokenOrigin): string {
  if (token.kind === 'generated') return `${token.token}   (shown this once: keep it)`;
  if (token.kind === 'configured') return 'the one in ADMIN_TOKEN';
  return 'shown at the first start; lost? npm run --silent cli -- token replace';
}

function terminalRows({ demo, demoRun, devices }: BannerFacts): (readonly [string, string])[] {
  const own = devices.filter(({ isDemo }) => !isDemo).length;
  const ownRow = [
    'Terminals',
    own === 0 ? 'none of yours yet' : `${own} registered; each is read now and every 15 minutes`,
  ] as const;
  if (!demo || !demoRun) return [ownRow];
  const { host, port } = demo.device;
  const { read, newlyBuffered, unmapped } = demoRun.totals;
  return [
    ownRow,
    ['Demo', `an EMULATED terminal with invented people at ${host}:${port} (DEMO=off to do without)`],
    ['', `${read} users read with proof, ${newlyBuffered} newly buffered, ${unmapped} waiting for a mapping`],
  ];
}
