import { readFile, readlink } from 'node:fs/promises';

/**
 * Names a process so that a recycled pid is not taken for it: `<pid>-<start time>` where the system tells the start
 * time (Linux), else `<pid>-0`.
 */
export async function processIdentity(pid: number): Promise<string> {
  return `${pid}-${await startTime(pid)}`;
}

/** Whether the process that had this identity still runs. */
export async function isRunning(identity: string): Promise<boolean> {
  const pid = Number(identity.split('-')[0]);
  if (!Number.isInteger(pid) || pid <= 0 || !pidExists(pid)) return false;
  return (await processIdentity(pid)) === identity;
}

/** Whether any process has this pid, also one of another account. */
export function pidExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The folder that a process works in; undefined where the system does not tell. */
export async function workingFolderOf(pid: number): Promise<string | undefined> {
  return readlink(`/proc/${pid}/cwd`).catch(() => undefined);
}

/** Clock ticks since boot at which the process started: the 22nd field, after a name that may hold blanks. */
async function startTime(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const [, state, ...fields] = /\) (\S) (.*)$/s.exec(stat) ?? [];
  if (state === undefined || state === 'Z') return '0';
  return fields[0].split(' ')[18];
}
