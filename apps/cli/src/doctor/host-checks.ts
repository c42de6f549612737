import { constants } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { AppConfig, InvalidConfigError } from '@app/config';
import { type Check, failed, ok, skipped, warning } from './check.js';

/** Below this a day of logs and backups may fill the disk. */
const SCARCE_BYTES = 1024 ** 3;
const GIB = 1024 ** 3;

/** What can be known without a database. */
export async function* hostChecks(config: AppConfig | undefined, problem?: InvalidConfigError): AsyncGenerator<Check> {
  yield ok('node', `Node ${process.versions.node} on ${process.platform} ${process.arch}`);
  if (!config) {
    yield failed('settings', problem?.message ?? 'they cannot be read', 'mend them, see docs/configuration.md');
    return;
  }
  yield ok('settings', 'all are good; `holdfast config show` tells where each comes from');
  yield await folderCheck('data folder', config.dataDir, 'DATA_DIR');
  yield await diskCheck('disk of the data', config.dataDir);
  const backups = config.backupDir ?? join(config.dataDir, 'backups');
  yield await folderCheck('backup folder', backups, 'BACKUP_DIR');
  yield await diskCheck('disk of the backups', backups);
  for (const [name, file] of [
    ['key of secrets', join(config.dataDir, 'holdfast.key')],
    ['key of backups', config.backupKeyFile ?? join(config.dataDir, 'backup.key')],
  ] as const)
    yield await keyFileCheck(name, file);
  yield await serverCheck(config);
}

async function folderCheck(name: string, folder: string, variable: string): Promise<Check> {
  try {
    await access(folder, constants.R_OK | constants.W_OK);
    return ok(name, `${folder} can be written`);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return skipped(name, `${folder} is not there yet; it is made when it is needed`);
    return failed(
      name,
      `${folder} cannot be written (${code})`,
      `give this account the right to it, or set ${variable}`,
    );
  }
}

async function diskCheck(name: string, folder: string): Promise<Check> {
  try {
    const { bavail, bsize } = await statfs(folder);
    const free = bavail * bsize;
    const found = `${(free / GIB).toFixed(1)} GiB free`;
    return free < SCARCE_BYTES
      ? warning(name, found, 'make room, before backups and the database stop')
      : ok(name, found);
  } catch {
    return skipped(name, 'the folder is not there yet');
  }
}

async function keyFileCheck(name: string, file: string): Promise<Check> {
  try {
    const { mode } = await stat(file);
    if ((mode & 0o077) === 0) return ok(name, `${file} is for its owner alone`);
    return failed(name, `${file} can be read by others (mode ${(mode & 0o777).toString(8)})`, `chmod 600 ${file}`);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT'
      ? skipped(name, `${file} is not there (yet)`)
      : failed(name, `${file} cannot be looked at (${code})`, 'give this account the right to it');
  }
}

/** The server of this host, at its address. */
async function serverCheck({ host, port }: AppConfig): Promise<Check> {
  const name = 'server of this host';
  if (port === 0) return skipped(name, 'its port is not known, since PORT is 0');
  const address = ['0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host;
  const url = `http://${address.includes(':') ? `[${address}]` : address}:${port}/health/ready`;
  try {
    const { status } = await fetch(url, { signal: AbortSignal.timeout(3_000) });
    if (status === 200) return ok(name, `${url} says that it is ready`);
    return failed(name, `${url} answers ${status}`, 'see its log');
  } catch {
    return warning(name, `nothing answers at ${url}`, 'start it (npm start, or holdfast serve), or set HOST and PORT');
  }
}
