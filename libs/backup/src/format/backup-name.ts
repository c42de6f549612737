/** What a backup's name says of it. */
export interface BackupName {
  readonly slug: string;
  readonly takenAt: Date;
  readonly encrypted: boolean;
}

const NAME =
  /^([a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?)-users-backup-(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})(\d{3})Z\.json(\.age)?$/;

/** `<device>-users-backup-20260131T094500123Z.json`, with `.age` when it is encrypted: names sort by time, on any file system. */
export function backupFilename({ slug, takenAt, encrypted }: BackupName): string {
  const stamp = takenAt.toISOString().replaceAll(/[-:.]/g, '');
  return `${slug}-users-backup-${stamp}.json${encrypted ? '.age' : ''}`;
}

/** Undefined: it is none of our names. Such a name has no part that leads to another folder. */
export function parseBackupFilename(name: string): BackupName | undefined {
  const match = NAME.exec(name);
  if (!match) return undefined;
  const [, slug, year, month, day, hours, minutes, seconds, millis, age] = match;
  const takenAt = new Date(`${year}-${month}-${day}T${hours}:${minutes}:${seconds}.${millis}Z`);
  if (Number.isNaN(takenAt.getTime())) return undefined;
  const parsed = { slug, takenAt, encrypted: age !== undefined };
  // The 30th of February would become the 2nd of March.
  return backupFilename(parsed) === name ? parsed : undefined;
}
