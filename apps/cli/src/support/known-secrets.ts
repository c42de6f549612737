import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppConfig } from '@app/config';
import { SecretKeyError, SecretVault } from '@app/devices';
import { type INestApplicationContext } from '@nestjs/common';
import { DataSource } from 'typeorm';

/** Secrets of the settings, and of the files that they name. */
export async function findConfiguredSecrets(config: AppConfig): Promise<string[]> {
  const { adminToken, aasPassword, databaseUrl, heartbeatUrl, dataDir } = config;
  const files = [
    config.adminPasswordFile,
    config.aifaceTlsKey,
    join(dataDir, 'holdfast.key'),
    config.backupKeyFile ?? join(dataDir, 'backup.key'),
  ];
  const lines = await Promise.all(files.map((file) => (file === undefined ? [] : linesOf(file))));
  const settings = [adminToken, aasPassword, heartbeatUrl, databaseUrl, ...passwordsOf(databaseUrl)];
  return [...settings.filter((secret) => secret !== undefined), ...lines.flat()];
}

/** Secrets that the database holds sealed: comm keys, and what channels sign in with. */
export async function findStoredSecrets(app: INestApplicationContext): Promise<string[]> {
  const sealed = await app.get(DataSource).query<{ text: string }[]>(
    `select comm_key_encrypted as text from devices where comm_key_encrypted is not null
      union all select secret_sealed from notification_channels where secret_sealed is not null`,
  );
  const urls = await app
    .get(DataSource)
    .query<{ url: string }[]>(
      `select settings ->> 'url' as url from notification_channels where settings ->> 'url' is not null`,
    );
  const opened = await Promise.all(sealed.map(({ text }) => openOrNothing(app.get(SecretVault), text)));
  const known = opened.flatMap((text) => (text === undefined ? [] : [text, ...textsIn(text)]));
  return [...known, ...urls.map(({ url }) => url)]; // whoever knows the URL of a webhook can write there
}

/** What cannot be opened here cannot be known here, and so cannot stand in what this host writes. */
async function openOrNothing(vault: SecretVault, sealed: string): Promise<string | undefined> {
  try {
    return await vault.open(sealed);
  } catch (error) {
    if (error instanceof SecretKeyError) return undefined;
    throw error;
  }
}

/** The texts of a JSON document; none where it is no JSON. */
function textsIn(text: string): string[] {
  try {
    const texts: string[] = [];
    JSON.parse(text, (_key, value: unknown) => (typeof value === 'string' ? (texts.push(value), value) : value));
    return texts;
  } catch {
    return [];
  }
}

function passwordsOf(url: string | undefined): string[] {
  if (url === undefined || !URL.canParse(url)) return [];
  const { password, searchParams } = new URL(url);
  return [decodeURIComponent(password), password, searchParams.get('password') ?? ''].filter(Boolean);
}

/** Lines of a file of keys, without comments; none where it is not there or not to be read. */
async function linesOf(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.split('\n').filter((line) => !line.startsWith('#') && !line.startsWith('-----'));
}
