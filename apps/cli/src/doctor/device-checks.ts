import { BackupStatus } from '@app/backup';
import { DeviceGateway } from '@app/device-gateway';
import { type Device, DevicesService } from '@app/devices';
import { TerminalPresence } from '@app/dial-in';
import { administrator } from '@app/kernel';
import { type DeviceStatusView, deviceStatusView, MonitoringStatusService } from '@app/monitoring';
import { deviceLockKey, SyncCoordinator } from '@app/sync-coordinator';
import { PopulateBuffer } from '@app/sync-services';
import { type INestApplicationContext } from '@nestjs/common';
import { counted } from '../counted.js';
import { type Check, failed, ok, skipped, warning } from './check.js';

const NOTABLE_DRIFT_SECONDS = 60;

/** Everything that is known of a registered terminal, and one proven read of it that stores nothing. */
export async function* deviceChecks(
  app: INestApplicationContext,
  device: Device,
  signal: AbortSignal,
): AsyncGenerator<Check> {
  const reach = device.host === null ? 'dials in' : `${device.host}:${device.port} (${device.transport})`;
  yield ok('registered', `"${device.name}", ${device.driver}, ${reach}, serial ${device.serialNumber ?? 'unknown'}`);
  if (!device.enabled)
    yield warning(
      'enabled',
      'it is switched off: nobody reads it',
      `holdfast device change ${device.slug} --enabled on`,
    );
  yield quarantineCheck(device);
  yield await connectionCheck(app, device);
  yield await leaseCheck(app, device);
  const read = await readCheck(app, device, signal);
  yield read;
  if (read.verdict === 'failed' && device.host !== null) yield* probeChecks(app, device, signal);
  const [status] = (await app.get(MonitoringStatusService).getStatus(device.id)).map(deviceStatusView);
  yield* healthChecks(status);
  yield await backupCheck(app, device);
}

function quarantineCheck(device: Device): Check {
  if (!device.quarantinedAt) return ok('identity', 'it answers with its own serial number, as far as is known');
  return failed(
    'identity',
    `since ${device.quarantinedAt.toISOString()} another terminal answers for it, ${device.foundSerialNumber}`,
    `holdfast device accept ${device.slug}, if it was replaced; else mend the addresses`,
  );
}

/** Where a terminal that dials in is. */
async function connectionCheck(app: INestApplicationContext, device: Device): Promise<Check> {
  if (device.driver !== 'aiface') return skipped('connection', 'it is called when it is read');
  const where = await app.get(TerminalPresence).whereaboutsOf(device);
  if (where.kind === 'elsewhere') return ok('connection', `it is connected to the server process ${where.server}`);
  return failed(
    'connection',
    `it is connected to no server; last heard of: ${where.lastHeardAt?.toISOString() ?? 'never'}`,
    'see its network and its server settings (docs/devices.md), and whether the server runs',
  );
}

async function leaseCheck(app: INestApplicationContext, device: Device): Promise<Check> {
  const status = await app.get(SyncCoordinator).checkLockStatus(deviceLockKey(device.id));
  if (status.acquiredBy === null) return ok('lease', 'it is free');
  return ok('lease', `held by ${status.acquiredBy} until ${status.expiresAt?.toISOString() ?? 'it is done'}`);
}

async function readCheck(app: INestApplicationContext, device: Device, signal: AbortSignal): Promise<Check> {
  const run = app.get(PopulateBuffer).run({ devices: [device.id], dryRun: true, actor: administrator('cli'), signal });
  for await (const { totals, error } of run) {
    if (error) return failed('read', error.message, remedyOf(error.code));
    const { counted: users, mapped, unmapped, invalid } = totals;
    const found = `its counter says ${users}, and all were read: ${mapped} mapped, ${unmapped} not, ${invalid} invalid`;
    return invalid > 0 ? warning('read', found, 'give the invalid ones an ID at the terminal') : ok('read', found);
  }
  return skipped('read', 'it was not tried');
}

function remedyOf(code: string): string {
  if (code === 'coordination/lease-busy') return 'try again when the one who holds the lease is done';
  return `docs/TROUBLESHOOTING.md has ${code}`;
}

/** At which stage it fails, and why probably. */
async function* probeChecks(app: INestApplicationContext, device: Device, signal: AbortSignal): AsyncGenerator<Check> {
  const target = await app.get(DevicesService).targetOf(device);
  if (!('host' in target)) return;
  for await (const stage of app.get(DeviceGateway).probe(target, { signal })) {
    const name = `probe: ${stage.stage}`;
    if (stage.ok) yield ok(name, stage.detail);
    else if (stage.error)
      yield failed(
        name,
        stage.likelyCause ? `${stage.detail}; likely cause: ${stage.likelyCause}` : stage.detail,
        stage.nextStep ?? remedyOf(stage.error.code),
      );
    else yield skipped(name, stage.detail);
  }
}

function* healthChecks(view: DeviceStatusView): Generator<Check> {
  const last = `last complete read ${view.last_complete_at?.toISOString() ?? 'never'}`;
  if (view.failures === 0) yield ok('health', `${view.state.replaceAll('_', ' ')}; ${last}`);
  else
    yield warning(
      'health',
      `${counted(view.failures, 'read')} in a row failed, the last with ${view.last_failure?.code}: ${view.last_failure?.reason}; ${last}`,
      view.paused_until ? `it is left alone until ${view.paused_until.toISOString()}` : 'see the probe above',
    );
  const drift = view.clock_drift_seconds ?? 0;
  yield Math.abs(drift) > NOTABLE_DRIFT_SECONDS
    ? warning(
        'clock',
        `${Math.abs(drift)} s ${drift > 0 ? 'ahead' : 'behind'}`,
        'set it at the terminal, or by its NTP setting',
      )
    : ok('clock', view.clock_drift_seconds === null ? 'it was not asked yet' : `${Math.abs(drift)} s off`);
  yield view.open_incident
    ? failed(
        'missing users',
        counted(view.open_incident.missing_users, 'user'),
        `holdfast incident show ${view.open_incident.id}`,
      )
    : ok('missing users', 'nobody is missing');
  const full = view.forecasts.filter(({ count, capacity, days_left: days }) => count >= capacity || days !== null);
  for (const { of, count, capacity, days_left: days } of full)
    yield warning(
      'capacity',
      `${of}: ${count} of ${capacity}${days === null ? '' : `, full in about ${days} days`}`,
      'delete who is not needed, or use another terminal',
    );
}

async function backupCheck(app: INestApplicationContext, device: Device): Promise<Check> {
  const { items } = await app.get(BackupStatus).describe();
  const item = items.find(({ device_id: id }) => id === device.id);
  if (!item) return skipped('backup', 'it is not backed up while it is switched off');
  if (item.newest === null)
    return warning(
      'backup',
      `there is none yet (${item.last_failure_reason ?? 'the first is to come'})`,
      `holdfast backup create ${device.slug}`,
    );
  return ok('backup', `${item.newest}${item.newest_good === item.newest ? ', tried out' : ''}`);
}
