import { AccountsService } from '@app/accounts';
import { BackupStatus } from '@app/backup';
import { AppConfig } from '@app/config';
import { ConflictResolutionService } from '@app/conflict';
import { type Device, DevicesService } from '@app/devices';
import { MonitoringStatusService } from '@app/monitoring';
import { ChannelsService } from '@app/notification';
import { type INestApplicationContext } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { counted } from '../counted.js';
import { type Check, failed, ok, warning } from './check.js';

const HOUR_MS = 3_600_000;

/** What the program knows of its terminals, of whom it would tell, and of what waits for somebody. */
export async function* serviceChecks(app: INestApplicationContext): AsyncGenerator<Check> {
  yield await administratorsCheck(app);
  yield await secretsCheck(app);
  yield* terminalChecks(app);
  yield await leasesCheck(app);
  yield* backupChecks(app);
  yield* notificationChecks(app);
  yield await conflictsCheck(app);
}

async function administratorsCheck(app: INestApplicationContext): Promise<Check> {
  const accounts = await app.get(AccountsService).list();
  const count = accounts.filter(({ role, active }) => role === 'administrator' && active).length;
  if (count > 0) return ok('administrators', counted(count, 'active account'));
  return warning(
    'administrators',
    'no account is an administrator',
    'holdfast account add <name> --role administrator',
  );
}

async function secretsCheck(app: INestApplicationContext): Promise<Check> {
  const locked = await app.get(DevicesService).findLocked();
  if (!locked) return ok('stored secrets', 'they can be opened here');
  return failed('stored secrets', `those of ${namesOf(locked.devices)} cannot be opened here`, locked.reason.message);
}

async function* terminalChecks(app: INestApplicationContext): AsyncGenerator<Check> {
  const all = await app.get(MonitoringStatusService).getStatus();
  const enabled = all.filter(({ device }) => device.enabled);
  if (enabled.length === 0) {
    yield warning(
      'terminals',
      'there are none',
      'holdfast device add, or holdfast device pending for those that dial in',
    );
    return;
  }
  const unwell = enabled.filter(({ state }) => state !== 'ok');
  const found = `${counted(enabled.length, 'terminal')}, ${enabled.length - unwell.length} well`;
  yield unwell.length === 0
    ? ok('terminals', found)
    : warning(
        'terminals',
        `${found}; not: ${unwell.map(({ device, state }) => `${device.name} (${state.replaceAll('_', ' ')})`).join(', ')}`,
        'holdfast device doctor <device>',
      );
  const missing = enabled.filter(({ incident }) => incident);
  yield missing.length === 0
    ? ok('missing users', 'nobody is missing')
    : failed('missing users', `of ${namesOf(missing.map(({ device }) => device))}`, 'holdfast incident list');
}

async function leasesCheck(app: INestApplicationContext): Promise<Check> {
  const held = await app.get(DataSource).query<{ lock_key: string; acquired_by: string; seconds: number }[]>(
    `select lock_key, acquired_by, extract(epoch from clock_timestamp() - acquired_at)::integer as seconds
       from sync_locks where holder_nonce is not null and expires_at > clock_timestamp() order by acquired_at`,
  );
  if (held.length === 0) return ok('leases', 'none is held now');
  const told = held.map(({ lock_key: key, acquired_by: by, seconds }) => `${key} by ${by} for ${seconds} s`);
  return ok('leases', told.join(', '));
}

async function* backupChecks(app: INestApplicationContext): AsyncGenerator<Check> {
  const { encrypted, readable_here: readable, items } = await app.get(BackupStatus).describe();
  if (!encrypted)
    yield warning('backup keys', 'backups hold neither PINs nor fingerprints nor faces', 'holdfast keys generate');
  else
    yield readable
      ? ok('backup keys', 'backups are encrypted and can be read here')
      : warning(
          'backup keys',
          'backups are encrypted, and cannot be read here',
          'restore on a host that has the key file',
        );
  const oldest = Date.now() - 2 * app.get(AppConfig).backupIntervalHours * HOUR_MS;
  const late = items.filter(({ last_success_at: at }) => !at || at.getTime() < oldest);
  if (items.length === 0) return;
  yield late.length === 0
    ? ok('backups', `${counted(items.length, 'terminal')}, each backed up in time`)
    : warning(
        'backups',
        `none in time of ${late.map((item) => `${item.device_name} (${item.last_failure_code ?? 'none yet'})`).join(', ')}`,
        'holdfast backup status',
      );
}

async function* notificationChecks(app: INestApplicationContext): AsyncGenerator<Check> {
  const channels = (await app.get(ChannelsService).list()).filter(({ enabled, kind }) => enabled && kind !== 'log');
  yield channels.length > 0
    ? ok('notifications', `go to ${channels.map(({ name, kind }) => `${name} (${kind})`).join(', ')}`)
    : warning('notifications', 'go to the log alone', 'add a channel: POST /api/notifications/channels');
  const [{ waiting, given_up: givenUp }] = await app.get(DataSource).query<{ waiting: number; given_up: number }[]>(
    `select count(*) filter (where state = 'waiting' and created_at < now() - interval '10 minutes')::integer as waiting,
            count(*) filter (where state = 'given_up' and settled_at > now() - interval '1 day')::integer as given_up
       from notice_deliveries`,
  );
  if (waiting + givenUp === 0) yield ok('deliveries', 'nothing waits for long, nothing was given up today');
  else
    yield warning(
      'deliveries',
      `${waiting} wait for longer than 10 minutes, ${givenUp} were given up since yesterday`,
      'holdfast notify test <channel>',
    );
}

async function conflictsCheck(app: INestApplicationContext): Promise<Check> {
  const { items, nextCursor } = await app
    .get(ConflictResolutionService)
    .listConflicts({ resolved: false }, { limit: 100 });
  if (items.length === 0) return ok('conflicts', 'none waits for a decision');
  return warning(
    'conflicts',
    `${items.length}${nextCursor ? ' or more' : ''} wait for a decision`,
    'holdfast conflict list',
  );
}

function namesOf(devices: readonly Device[]): string {
  return devices.map(({ name }) => name).join(', ');
}
