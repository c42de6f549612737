import { type FirstAccess } from '@app/accounts';
import { type DatabaseServer } from '@app/database';
import { type Device, type LockedDevices } from '@app/devices';
import { AppError } from '@app/kernel';
import { type DialInAddress } from '@app/dial-in';
import { commandName, programText, readProgram } from '@app/program';
import { type FinishedRun } from '@app/sync-services';
import { type ShownDemo } from './demo-terminals.js';
import { DOCS_PATH } from './documentation.js';

/** Everything that the banner tells. */
export interface BannerFacts {
  readonly url: string;
  readonly access: FirstAccess;
  readonly database: DatabaseServer;
  readonly dialIn: DialInAddress;
  /** None where there are terminals of one's own. */
  readonly demos: readonly ShownDemo[];
  readonly devices: readonly Device[];
  readonly locked?: LockedDevices;
  readonly backups: { readonly folder: string; readonly isEncrypted: boolean };
}

/** What a person needs right after the start: where things are, what was read, what to do next. */
export function bannerText(facts: BannerFacts): string {
  const { url, database } = facts;
  const rows: (readonly [string, string])[] = [
    ['Version', programText(readProgram())],
    ['API', `${url}/api`],
    ['Swagger', `${url}/${DOCS_PATH}   (an account, or any name and an API key as password)`],
    ...accessRows(facts),
    ['Data', database.description],
    ...terminalRows(facts),
    ...dialInRows(facts),
    ...lockedRows(facts),
    ...backupRows(facts),
    ['Next', `${commandName()} device add --name "Front door" --address 192.168.1.201`],
    ['', `${commandName()} --help`],
    ['Stop', 'Ctrl-C'],
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  const lines = rows.map(([label, text]) => `  ${label.padEnd(width)}  ${text}`);
  return `\n  Holdfast is running.\n\n${lines.join('\n')}\n\n`;
}

function backupRows({ backups: { folder, isEncrypted } }: BannerFacts): (readonly [string, string])[] {
  if (isEncrypted) return [['Backups', `every terminal, every six hours, in ${folder}`]];
  return [
    ['Backups', `in ${folder}, WITHOUT fingerprints, faces and PINs until there are keys:`],
    ['', `${commandName()} keys generate`],
  ];
}

/** Where there is no administrator, one command to become it; it answers with a token for the next one. */
function accessRows({ access, url }: BannerFacts): (readonly [string, string])[] {
  if (access.kind === 'setup') {
    const body = JSON.stringify({ token: access.token, name: 'admin', password: 'CHOOSE-YOUR-OWN' });
    return [
      ['Set-up', 'become the administrator: put in a password of 12 characters or more, and run'],
      ['', `curl ${url}/api/setup -H 'content-type: application/json' -d '${body}'`],
      ['', 'It works once, within 24 hours, and answers with a token: curl -H "Authorization: Bearer <token>" …'],
    ];
  }
  return [['Sign in', signInText(access)]];
}

function signInText(access: Exclude<FirstAccess, { kind: 'setup' }>): string {
  if (access.kind === 'created') return `as "${access.name}", with the password in ADMIN_PASSWORD_FILE`;
  if (access.kind === 'admin-token') return 'with the token in ADMIN_TOKEN';
  if (access.kind === 'keys') return `with an API key; lost? ${commandName()} account add <name> --role administrator`;
  return `POST /api/session; password lost? ${commandName()} account password <name>`;
}

function terminalRows({ demos, devices }: BannerFacts): (readonly [string, string])[] {
  const own = devices.filter(({ isDemo }) => !isDemo).length;
  const ownRow = [
    'Terminals',
    own === 0 ? 'none of yours yet' : `${own} registered; each is read now and every 15 minutes`,
  ] as const;
  const demoRows = demos.flatMap(({ where, run }, i) => [
    [
      i === 0 ? 'Demo' : '',
      `an EMULATED terminal with invented people ${where}${i === 0 ? ' (DEMO=off to do without)' : ''}`,
    ] as const,
    ['', run instanceof AppError ? `not read yet: ${run.message}` : countsOf(run)] as const,
  ]);
  return [ownRow, ...demoRows];
}

function dialInRows({ dialIn: { host, port, isMakeshift } }: BannerFacts): (readonly [string, string])[] {
  const where = ['Dial-in', `terminals such as the AI06 dial in to ${host}:${port} (docs/devices.md)`] as const;
  if (!isMakeshift) return [where];
  return [where, ['WARNING', 'the usual port 7788 is in use by another program: stop that, or set AIFACE_PORT']];
}

function countsOf({ totals: { read, newlyBuffered, unmapped }, punches }: FinishedRun): string {
  const users = `${read} users read with proof, ${newlyBuffered} newly buffered, ${unmapped} waiting for a mapping`;
  return punches ? `${users}; ${punches.read} punches, ${punches.imported} of them new` : users;
}

function lockedRows({ locked }: BannerFacts): (readonly [string, string])[] {
  if (!locked) return [];
  const names = locked.devices.map(({ name }) => name).join(', ');
  return [
    ['WARNING', `cannot read ${names}:`],
    ['', locked.reason.message],
  ];
}
