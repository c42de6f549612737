import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { inventUsers, ZkTerminal } from '@app/device-emulator';
import { CLI, type Ended, Running } from './running.js';

const ESCAPE = '\u001b';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-cli-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe('the built command line', () => {
  it('loads neither Nest nor TypeORM nor a driver to show help', async () => {
    const reached = await staticImportsOf(CLI);
    const packages = [...reached].flatMap((file) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []);
    expect([...new Set(packages)]).toEqual(['commander']);
    // What a command does is not among what is read, and would load Nest: the check can fail.
    const action = await staticImportsOf(resolve('dist/apps/cli/src/actions/conflict.js'));
    expect([...action].some((file) => file.includes('node_modules/@nestjs/'))).toBe(true);
  });

  it('shows the help of a command without settings, database or colour', async () => {
    const { code, stdout, stderr } = await run('conflict', 'list', '--help');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('$ holdfast conflict list --device front-door');
    expect(stdout).not.toContain(ESCAPE);
  });

  it('refuses two ways of telling at once as wrong usage', async () => {
    const { code, stdout, stderr } = await run('device', 'list', '--json', '--jsonl');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain("'--jsonl' cannot be used with option '--json'");
  });

  it('says nothing to a terminal emulator that a device or a caller makes up', async () => {
    const { code, stdout, stderr } = await run('device', 'probe', `${ESCAPE}[31mfront`, '--json');
    expect(code).toBe(2);
    expect(stdout + stderr).toContain('front');
    expect(stdout + stderr).not.toContain(ESCAPE);
  });

  it('goes on quietly when its reader goes', async () => {
    const child = spawn(process.execPath, [CLI, 'emulate', 'zk', '--port', '0', '--users', '3'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.destroy();
    const said = await untilSays(child, 'Ctrl-C stops it');
    child.kill('SIGINT');
    const [code] = (await once(child, 'close')) as [number];
    expect({ code, said: said() }).toEqual({ code: 0, said: expect.not.stringContaining('EPIPE') });
    expect(said()).toContain('Stopped after');
  });

  it('ends with 130 when it is interrupted', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    try {
      const { port } = silent.address() as { port: number };
      const connected = once(silent, 'connection');
      const child = spawn(process.execPath, [CLI, 'device', 'users', `127.0.0.1:${port}`, '--jsonl'], {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { PATH: process.env.PATH, DEVICE_NETWORKS: '127.0.0.0/8' },
      });
      const output: string[] = [];
      child.stdout.on('data', (text: Buffer) => output.push(text.toString()));
      const said = collect(child);
      const [socket] = (await connected) as [NodeJS.ReadableStream & { destroy(): void }];
      child.kill('SIGINT');
      const [code] = (await once(child, 'close')) as [number];
      socket.destroy();
      expect({ code, output: output.join('') }).toEqual({ code: 130, output: '' });
      expect(said()).toMatch(/^holdfast: /m);
    } finally {
      silent.close();
    }
  });
});

describe('the command line without a database', () => {
  const cli = (...args: string[]): Promise<Ended> =>
    new Running(CLI, args, { DATA_DIR: '/nonexistent/never-made' }).ended;

  it('shows the proven users of a terminal as one document, or an error document and no list', async () => {
    await using terminal = await ZkTerminal.start({ users: inventUsers({ count: 30 }), connections: 'many' });
    const address = `${terminal.host}:${terminal.port}`;
    const good = await cli('device', 'users', address, '--json');
    expect(good.code).toBe(0);
    const document = JSON.parse(good.stdout) as { users: object[] };
    expect(document).toMatchObject({
      device: { serial_number: 'EMULATED0001' },
      proof: { counter_before: 30, counter_after: 30 },
    });
    expect(document.users).toHaveLength(30);
    expect(Object.keys(document.users[0])).toEqual(
      expect.arrayContaining(['device_user_id', 'slot', 'name', 'privilege', 'card_number', 'group_id', 'has_pin']),
    );
    terminal.faults = { lies: { userCounter: 3 } };
    const bad = await cli('device', 'users', address, '--json');
    expect(bad.code).toBe(4);
    expect(JSON.parse(bad.stdout)).toMatchObject({ error: { code: 'device/incomplete-read' } });
    expect(bad.stdout).not.toContain('"users"');
  });

  it('probes stage by stage and says what to do', async () => {
    await using terminal = await ZkTerminal.start({ commKey: 5 });
    const address = `${terminal.host}:${terminal.port}`;
    const { code, stdout } = await cli('device', 'probe', address, '--json');
    const { stages } = JSON.parse(stdout) as { stages: { stage: string; ok: boolean; next_step?: string }[] };
    expect(code).toBe(4);
    expect(stages.map(({ stage, ok }) => [stage, ok])).toEqual([
      ['resolve', true],
      ['connect', true],
      ['handshake', true],
      ['authenticate', false],
      ['read', false],
      ['counter', false],
      ['clock', false],
    ]);
    expect(stages[3].next_step).toMatch(/--comm-key/);
    expect((await cli('device', 'probe', address, '--comm-key', '5')).code).toBe(0);
  });

  it('runs an emulated terminal until it is told to stop', async () => {
    const emulator = new Running(
      CLI,
      ['emulate', 'zk', '--port', '0', '--users', '12', '--comm-key', '3', '--json'],
      {},
    );
    while (!emulator.stdout.includes('}'))
      await Promise.race([emulator.ended, new Promise((tick) => setImmediate(tick))]);
    const { port } = JSON.parse(emulator.stdout) as { port: number };
    const { stdout } = await cli('device', 'users', `127.0.0.1:${port}`, '--comm-key', '3', '--json');
    expect((JSON.parse(stdout) as { users: object[] }).users).toHaveLength(12);
    emulator.signal('SIGINT');
    expect((await emulator.ended).code).toBe(0);
  });

  it('answers a wrong command with 2', async () => {
    expect((await cli('device', 'frobnicate')).code).toBe(2);
    expect((await cli('device', 'users', 'not an address')).code).toBe(2);
  });
});

describe('completion in bash', () => {
  it.each([
    ['nouns', ['conf'], ['config', 'conflict', 'conflicts']],
    ['verbs', ['incidents', 'a'], ['acknowledge']],
    ['options', ['conflict', 'list', '--json'], ['--json', '--jsonl']],
    ['the choices of an option', ['conflict', 'list', '--type', 'd'], ['duplicate_id']],
    ['the choices of an option after =', ['conflict', 'list', '--type', '=', 'd'], ['duplicate_id']],
    ['the choices of an argument', ['buffer', 'map', '17', 'st'], ['staff', 'student']],
    ['all choices of a shell', ['completion', ''], ['bash', 'fish', 'powershell', 'zsh']],
  ])('offers %s', async (_, typed, offered) => {
    expect(await completions(typed)).toEqual(offered);
  });

  it('runs nothing that is being typed', async () => {
    const trap = join(folder, 'trap');
    await completions(['device', 'probe', `$(touch ${trap})`, '--tr']);
    await expect(readFile(trap)).rejects.toThrow('ENOENT');
  });

  it.each(['zsh', 'fish', 'powershell'])('has a script for %s too', async (shell) => {
    const { code, stdout } = await run('completion', shell);
    expect(code).toBe(0);
    expect(stdout).toContain('holdfast complete');
  });

  /** What bash offers after `holdfast` and these words, sorted. */
  async function completions(typed: readonly string[]): Promise<string[]> {
    const holdfast = join(folder, 'holdfast');
    await writeFile(holdfast, `#!/bin/sh\nexec "${process.execPath}" "${CLI}" "$@"\n`);
    await chmod(holdfast, 0o755);
    const script = `source <(holdfast completion bash)
      COMP_WORDS=(holdfast "$@"); COMP_CWORD=$#; COMP_LINE="\${COMP_WORDS[*]}"
      [[ $(complete -p holdfast) == *_holdfast* ]] || exit 9
      _holdfast; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const bash = spawn('bash', ['--noprofile', '--norc', '-c', script, 'bash', ...typed], {
      env: { PATH: `${folder}:${process.env.PATH}` },
    });
    let out = '';
    bash.stdout.on('data', (text: Buffer) => (out += text.toString()));
    const [code] = (await once(bash, 'close')) as [number];
    expect(code).toBe(0);
    return out.split('\n').filter(Boolean).sort();
  }
});

function run(...args: readonly string[]) {
  return new Running(CLI, args, { DATA_DIR: folder }).ended;
}

/** What the child says on standard error, so far. */
function collect(child: ChildProcess): () => string {
  let said = '';
  child.stderr?.on('data', (text: Buffer) => (said += text.toString()));
  return () => said;
}

async function untilSays(child: ChildProcess, text: string): Promise<() => string> {
  const said = collect(child);
  while (!said().includes(text)) await once(child.stderr!, 'data');
  return said;
}

/** Every file that is read before the first line of `entry` is run. */
async function staticImportsOf(entry: string): Promise<Set<string>> {
  const reached = new Set<string>();
  const waiting = [entry];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (reached.has(file)) continue;
    reached.add(file);
    // A package counts by its name; what it loads is its own affair.
    if (file.includes('node_modules')) continue;
    const text = await readFile(file, 'utf8');
    for (const [, specifier] of text.matchAll(/^(?:import|export) (?:[^'"\n]* from )?['"]([^'"]+)['"];$/gm)) {
      if (specifier.startsWith('.')) waiting.push(resolve(dirname(file), specifier));
      else if (!specifier.startsWith('node:')) waiting.push(join(relative('', 'node_modules'), specifier));
    }
  }
  return reached;
}
