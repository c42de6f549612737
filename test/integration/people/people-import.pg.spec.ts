import { createHash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { type AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { administrator, AppError } from '@app/kernel';
import { type ImportOptions, type ImportReport, PeopleImport, PeopleModule } from '@app/people';
import { emptyTables, openTestApp, TEST_TOKEN, type TestApp, until } from '@test/support';
import fc from 'fast-check';
import request from 'supertest';

const ACTOR = administrator('test');
const HEAD = 'person_type,external_reference,name,card_number,active';
let app: TestApp;
let people: PeopleImport;

beforeAll(async () => {
  app = await openTestApp([PeopleModule]);
  people = app.get(PeopleImport);
  await app.app.listen(0, '127.0.0.1');
});
afterAll(async () => {
  await app[Symbol.asyncDispose]();
});
beforeEach(forgetAll);

async function forgetAll(): Promise<void> {
  await emptyTables(app.database.dataSource, 'people');
}

async function* inChunks(file: string | Uint8Array, size = 50_000): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(file as string);
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

function importFile(file: string | Uint8Array, options: Partial<ImportOptions> = {}): Promise<ImportReport> {
  return people.importCsv(inChunks(file), { actor: ACTOR, ...options });
}

interface Stored {
  readonly type: string;
  readonly reference: string;
  readonly name: string;
  readonly card: string | null;
  readonly active: boolean;
}
/** Everybody, without what depends on the order in which they were made. */
async function everybody(): Promise<Stored[]> {
  return app.database.dataSource.query<Stored[]>(
    `select person_type as type, external_reference as reference, name, card_number as card, active from people
      order by person_type, external_reference collate "C"`,
  );
}

function upload(file: string, query = ''): request.Test {
  return request(app.app.getHttpServer())
    .post(`/api/people/import${query}`)
    .auth(TEST_TOKEN, { type: 'bearer' })
    .type('text/csv')
    .send(file);
}

/** Opens an upload whose body the test sends itself. */
function openUpload(): ReturnType<typeof httpRequest> {
  const { port } = app.app.getHttpServer().address() as AddressInfo;
  const headers = { authorization: `Bearer ${TEST_TOKEN}`, 'content-type': 'text/csv' };
  return httpRequest({ port, host: '127.0.0.1', method: 'POST', path: '/api/people/import', headers });
}

/** Whether an import holds the right to import now. */
async function isImporting(): Promise<boolean> {
  const [{ held }] = await app.database.dataSource.query<{ held: boolean }[]>(
    `select exists (select from pg_locks where locktype = 'advisory' and objid = 4370010 and granted
       and database = (select oid from pg_database where datname = current_database())) as held`,
  );
  return held;
}

async function auditOf(operation: string): Promise<{ details: Record<string, unknown>; by: string }[]> {
  return app.database.dataSource.query(
    'select details, performed_by as by from device_user_audit_log where operation_type = $1 order by id desc',
    [operation],
  );
}

describe('an import', () => {
  it('makes, changes and leaves people, refuses what cannot be, and tells each with its line', async () => {
    await importFile(`${HEAD}\nstudent,1,Old,5,\nstudent,2,Same,,\n`);
    const file = `${HEAD}\nstudent,1, New ,,no\nstudent,2,Same,000,yes\nstaff,1,Made,07,\nstudent,,Nobody,,\nstudent,3,X,7x,\n`;
    const { body } = await upload(file).expect(200);
    expect(body).toEqual({
      dry_run: false,
      applied: true,
      file_sha256: createHash('sha256').update(file).digest('hex'),
      file_bytes: Buffer.byteLength(file),
      totals: { rows: 5, created: 1, updated: 1, unchanged: 1, refused: 2, deactivated: 0 },
      rows: [
        {
          line: 2,
          person_type: 'student',
          external_reference: '1',
          outcome: 'updated',
          reason: null,
          reason_codes: [],
          changed: ['name', 'card_number', 'active'],
        },
        {
          line: 4,
          person_type: 'staff',
          external_reference: '1',
          outcome: 'created',
          reason: null,
          reason_codes: [],
          changed: [],
        },
        {
          line: 5,
          person_type: 'student',
          external_reference: null,
          outcome: 'refused',
          reason: expect.stringContaining('found again'),
          reason_codes: ['reference-missing'],
          changed: [],
        },
        {
          line: 6,
          person_type: 'student',
          external_reference: '3',
          outcome: 'refused',
          reason: expect.stringContaining('"7x"'),
          reason_codes: ['card-not-digits'],
          changed: [],
        },
      ],
      rows_left_out: 0,
    });
    expect(await everybody()).toEqual([
      { type: 'staff', reference: '1', name: 'Made', card: '7', active: true },
      { type: 'student', reference: '1', name: 'New', card: null, active: false },
      { type: 'student', reference: '2', name: 'Same', card: null, active: true },
    ]);
    const [{ details }] = await auditOf('people_imported');
    expect(details).toMatchObject({ file_sha256: body.file_sha256, rows: 5, created: 1, updated: 1, refused: 2 });
  });

  it('leaves alone what its columns do not tell', async () => {
    await importFile(`${HEAD}\nstudent,1,A,5,no\n`);
    await importFile('external_reference,name\n1,B\n', { defaultType: 'student' });
    expect(await everybody()).toEqual([{ type: 'student', reference: '1', name: 'B', card: '5', active: false }]);
  });

  it('refuses every row of a reference that stands there twice, naming the other', async () => {
    const report = await importFile(`${HEAD}\nstudent,1,A,,\nstaff,1,B,,\nstudent,1,,,\nstudent, 1,C,,\n`);
    expect(report.rows.map(({ line, outcome, reasonCodes }) => [line, outcome, reasonCodes])).toEqual([
      [2, 'refused', ['duplicate-reference']],
      [3, 'created', []],
      [4, 'refused', ['name-missing', 'duplicate-reference']],
      [5, 'refused', ['duplicate-reference']],
    ]);
    expect(report.rows.map(({ reason }) => /line (\d)/.exec(reason ?? '')?.[1])).toEqual(['4', undefined, '2', '2']);
  });

  it('of all or nothing is nothing when a row is refused', async () => {
    const file = `${HEAD}\nstudent,1,A,,\nstudent,2,,,\n`;
    const report = await importFile(file, { allOrNothing: true });
    expect(report).toMatchObject({ applied: false, totals: { created: 1, refused: 1 } });
    expect(await everybody()).toEqual([]);
    expect(await importFile(file.replace('2,,', '2,B,'), { allOrNothing: true })).toMatchObject({ applied: true });
    expect(await everybody()).toHaveLength(2);
  });

  it('tells the first 1,000 rows and how many more there are', async () => {
    const rows = Array.from({ length: 1_200 }, (_, i) => `student,${i},Name ${i},,`);
    const report = await importFile([HEAD, ...rows].join('\n'));
    expect(report.rows).toHaveLength(1_000);
    expect(report).toMatchObject({ rowsLeftOut: 200, totals: { rows: 1_200, created: 1_200 } });
    expect(report.rows.at(-1)).toMatchObject({ line: 1_001 });
  });
});

describe('deactivating who is missing', () => {
  const first = [HEAD, ...Array.from({ length: 60 }, (_, i) => `student,${i},Name ${i},,`)];

  it('reaches active people of the types in the file who have a reference, and nobody else', async () => {
    await importFile(`${HEAD}\nstudent,1,A,,\nstudent,2,B,,\nstaff,3,C,,\n`);
    await app.database.dataSource.query(`insert into people (person_type, name) values ('student', 'No reference')`);
    const report = await importFile(`${HEAD}\nstudent,1,A,,\n`, { deactivateMissing: true });
    expect(report).toMatchObject({ totals: { unchanged: 1, deactivated: 1 } });
    expect(report.rows).toMatchObject([
      { line: null, externalReference: '2', outcome: 'deactivated', changed: ['active'] },
    ]);
    const left = (await everybody()).filter(({ active }) => !active);
    expect(left).toMatchObject([{ type: 'student', reference: '2', name: 'B' }]);
    const [{ details }] = await auditOf('person_changed');
    expect(details).toMatchObject({ changes: { active: { from: true, to: false } }, file_sha256: report.fileSha256 });
  });

  it('keeps whoever is in a refused row', async () => {
    await importFile(`${HEAD}\nstudent,1,A,,\nstudent,2,B,,\n`);
    const report = await importFile(`${HEAD}\nstudent,1,A,,\nstudent,2,,,\n`, { deactivateMissing: true });
    expect(report.totals).toMatchObject({ refused: 1, deactivated: 0 });
  });

  it('needs the exact number when it is large, and never takes another', async () => {
    await importFile(first.join('\n'));
    const before = await everybody();
    const short = first.slice(0, 41).join('\n'); // 20 of 60 are missing
    const refused = await upload(short, '?deactivate_missing=true').expect(409);
    expect(refused.body).toMatchObject({ code: 'people/too-many-deactivations', facts: { missing: 20, of: 60 } });
    for (const wrong of [19, 21])
      await upload(short, `?deactivate_missing=true&confirm_deactivations=${wrong}`).expect(409);
    expect(await everybody()).toEqual(before);
    const done = await upload(short, '?deactivate_missing=true&confirm_deactivations=20').expect(200);
    expect(done.body.totals).toMatchObject({ deactivated: 20 });
    const eleven = await upload(first.slice(0, 30).join('\n'), '?deactivate_missing=true').expect(409);
    expect(eleven.body.facts).toEqual({ missing: 11, of: 40 });
    const ten = await upload(first.slice(0, 31).join('\n'), '?deactivate_missing=true').expect(200);
    expect(ten.body.totals).toMatchObject({ deactivated: 10 });
  });

  it('is refused when a row could be anybody', async () => {
    await importFile(`${HEAD}\nstudent,1,A,,\nstudent,2,B,,\n`);
    const { body } = await upload(`${HEAD}\nstudent,1,A,,\nstudent,,B,,\n`, '?deactivate_missing=true').expect(409);
    expect(body).toMatchObject({ code: 'people/missing-uncertain', facts: { lines: [3] } });
    expect(await everybody()).toMatchObject([{ active: true }, { active: true }]);
  });
});

/** Rows that collide, change, and are wrong in all ways. */
const aRow = fc
  .record({
    type: fc.constantFrom('student', 'staff', 'guest', ''),
    reference: fc.constantFrom('1', '2', '3', '4', '5', '6', '7', '8', ' 1', ''),
    name: fc.constantFrom('A', 'B', ' A ', '宮崎', ''),
    card: fc.constantFrom('', '7', '007', 'x'),
    active: fc.constantFrom('', 'yes', 'no', '?'),
  })
  .map(({ type, reference, name, card, active }) => [type, reference, name, card, active].join());
const rows = fc.array(aRow, { maxLength: 12 });
const options = fc.record({ deactivateMissing: fc.boolean(), allOrNothing: fc.boolean() });

/** The report, or the code of our own refusal. */
async function outcomeOf(file: string, wanted: Partial<ImportOptions>): Promise<unknown> {
  try {
    const { dryRun: _, applied: __, rows: told, ...rest } = await importFile(file, wanted);
    return { ...rest, rows: told.map(({ personId: _id, ...row }) => row) };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { code: error.code, details: error.details };
  }
}

describe('whatever a file holds', () => {
  it('importing it twice is importing it once', async () => {
    await fc.assert(
      fc.asyncProperty(rows, rows, options, async (before, lines, wanted) => {
        await forgetAll();
        await importFile([HEAD, ...before].join('\n'));
        const file = [HEAD, ...lines].join('\n');
        await outcomeOf(file, wanted);
        const once = await everybody();
        const again = await outcomeOf(file, wanted);
        expect(await everybody()).toEqual(once);
        if (!wanted.allOrNothing && typeof again === 'object' && again !== null && 'totals' in again)
          expect(again.totals).toMatchObject({ created: 0, updated: 0, deactivated: 0 });
      }),
      { numRuns: 50 },
    );
  }, 300_000);

  it('a dry run tells what the import will tell, and changes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(rows, rows, options, async (before, lines, wanted) => {
        await forgetAll();
        await importFile([HEAD, ...before].join('\n'));
        const stored = await everybody();
        const file = [HEAD, ...lines].join('\n');
        const audited = (await auditOf('people_imported')).length;
        const told = await outcomeOf(file, { ...wanted, dryRun: true });
        expect(await everybody()).toEqual(stored);
        expect(await auditOf('people_imported')).toHaveLength(audited);
        expect(await outcomeOf(file, wanted)).toEqual(told);
      }),
      { numRuns: 50 },
    );
  }, 300_000);

  it('the order of its rows does not matter', async () => {
    const shuffled = rows.chain((lines) =>
      fc.tuple(fc.constant(lines), fc.shuffledSubarray(lines, { minLength: lines.length, maxLength: lines.length })),
    );
    await fc.assert(
      fc.asyncProperty(rows, shuffled, async (before, [lines, others]) => {
        const results = [];
        for (const order of [lines, others]) {
          await forgetAll();
          await importFile([HEAD, ...before].join('\n'));
          await importFile([HEAD, ...order].join('\n'));
          results.push(await everybody());
        }
        expect(results[1]).toEqual(results[0]);
      }),
      { numRuns: 50 },
    );
  }, 300_000);

  it('any bytes give a report or our own error, over HTTP too, and the next import runs', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.boolean(), async (bytes, withHead) => {
        const file = Buffer.concat([Buffer.from(withHead ? `${HEAD}\n` : ''), bytes]);
        const { status, body } = await upload(file as unknown as string).buffer(true);
        if (status !== 200)
          expect({ status, code: body.code }).toEqual({ status: 400, code: expect.stringMatching(/^people\//) });
        expect(await isImporting()).toBe(false);
      }),
      { numRuns: 50 },
    );
  }, 300_000);
});

describe('50,000 rows', () => {
  const fileOf = (name: (i: number) => string): string =>
    [HEAD, ...Array.from({ length: 50_000 }, (_, i) => `student,R${i},${name(i)},${i + 1},`)].join('\n');

  it('are imported batch by batch, and again as unchanged', async () => {
    const seen: number[] = [];
    const onProgress = ({ rows: count }: { rows: number }): number => seen.push(count);
    const first = await importFile(
      fileOf((i) => `Name ${i}`),
      { onProgress },
    );
    expect(first).toMatchObject({ totals: { rows: 50_000, created: 50_000 }, rowsLeftOut: 49_000 });
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen.length).toBeGreaterThan(20);
    expect((await importFile(fileOf((i) => `Name ${i}`))).totals).toMatchObject({ unchanged: 50_000, updated: 0 });
  }, 300_000);

  it('are compared and changed soon although statistics say that there is nobody', async () => {
    const { dataSource } = app.database;
    await dataSource.query('alter table people set (autovacuum_enabled = off)'); // which would mend them
    await dataSource.transaction(async (tx) => {
      await tx.query(
        `insert into people (person_type, external_reference, name, card_number)
         select 'student', 'R' || n, 'Name ' || n, (n + 1)::text from generate_series(0, 49999) n`,
      );
      await dataSource.query('analyze people'); // as autovacuum does it at a bad moment: nobody is committed yet
    });
    expect((await importFile(fileOf((i) => `Name ${i}`))).totals).toMatchObject({ unchanged: 50_000 });
    expect((await importFile(fileOf((i) => `Name ${i} B`))).totals).toMatchObject({ updated: 50_000 });
    await dataSource.query('alter table people reset (autovacuum_enabled)');
  }, 120_000);

  it('more than 200,000 of them are refused', async () => {
    const file = `external_reference,name\n${'1,\n'.repeat(200_001)}`;
    const error = importFile(file, { defaultType: 'staff' });
    await expect(error).rejects.toMatchObject({
      code: 'people/file-too-large',
      message: expect.stringContaining('200000'),
    });
  }, 300_000);

  it('more than 16 MiB are refused, and the answer arrives', async () => {
    const file = `${HEAD}\n${`student,1,${'x'.repeat(60_000)},,\n`.repeat(300)}`;
    const { body } = await upload(file).expect(400);
    expect(body).toMatchObject({ code: 'people/file-too-large', detail: expect.stringContaining('16 MiB') });
  });
});

describe('several at once', () => {
  it('a second import is told that one is running, and can run afterwards', async () => {
    const slow = openUpload();
    slow.write(`${HEAD}\nstudent,1,A,,\n`);
    await until(isImporting);
    const { body } = await upload(`${HEAD}\nstudent,2,B,,\n`).expect(409);
    expect(body.code).toBe('people/import-running');
    const answered = new Promise((resolve, reject) => slow.once('response', resolve).once('error', reject));
    slow.end('student,3,C,,\n');
    await answered;
    await until(async () => !(await isImporting()));
    await upload(`${HEAD}\nstudent,2,B,,\n`).expect(200);
    expect((await everybody()).map(({ reference }) => reference)).toEqual(['1', '2', '3']);
  });

  it('who disconnects while the file arrives leaves nothing behind', async () => {
    const sessions = async (): Promise<number> => {
      const [{ count }] = await app.database.dataSource.query<{ count: string }[]>(
        `select count(*) from pg_class where relname = 'people_import_rows'`,
      );
      return Number(count);
    };
    for (let round = 0; round < 12; round += 1) {
      const cut = openUpload();
      cut.on('error', () => undefined);
      cut.write(`${HEAD}\nstudent,1,A,,\n`);
      await until(isImporting);
      cut.destroy();
      await until(async () => !(await isImporting()));
    }
    expect(await everybody()).toEqual([]);
    expect(await sessions()).toBe(0);
    await upload(`${HEAD}\nstudent,1,A,,\n`).expect(200);
  });

  it('imports, lists and single changes of the same people neither deadlock nor double', async () => {
    const references = Array.from({ length: 40 }, (_, i) => String(i));
    const file = [HEAD, ...references.map((reference) => `student,${reference},File,,`)].join('\n');
    const server = request(app.app.getHttpServer());
    const send = (test: request.Test, body: object): request.Test =>
      test.auth(TEST_TOKEN, { type: 'bearer' }).send(body);
    const statuses = await Promise.all(
      Array.from({ length: 6 }, (_, round) => [
        upload(file).then(({ status }) => status),
        send(server.post('/api/people/bulk'), {
          people: [...references]
            .reverse()
            .map((reference) => ({ person_type: 'student', external_reference: reference, name: `List ${round}` })),
        }).then(({ status }) => status),
        ...references
          .slice(0, 8)
          .map((reference) =>
            send(server.put(`/api/people/by-reference/student/${reference}`), { name: `Put ${round}` }).then(
              ({ status }) => status,
            ),
          ),
      ]).flat(),
    );
    expect(statuses.filter((status) => ![200, 201, 409].includes(status))).toEqual([]);
    expect((await everybody()).map(({ reference }) => reference).sort()).toEqual([...references].sort());
  });
});

describe('the upload', () => {
  it('is told as server-sent events where they are wanted, up to the report or the problem', async () => {
    const good = await upload(`${HEAD}\nstudent,1,A,,\n`).accept('text/event-stream').expect(200);
    expect(good.headers['content-type']).toContain('text/event-stream');
    const events = good.text
      .trim()
      .split('\n\n')
      .map((event) => event.split('\n'));
    expect(events[0][0]).toBe('event: progress');
    expect(JSON.parse(events[0][1].slice('data: '.length))).toMatchObject({ stage: 'receiving', rows: 1 });
    expect(events.at(-1)?.[0]).toBe('event: report');
    const bad = await upload('salary\n1\n').accept('text/event-stream').expect(200);
    expect(bad.text).toContain('event: problem');
    expect(bad.text).toContain('people/unknown-column');
  });

  it.each([
    ['application/json', 'people/not-csv', 400],
    ['text/csv; charset=windows-1252', 'people/bad-encoding', 400],
    ['text/csv; charset=UTF-8', undefined, 200],
  ])('as %s: %s', async (type, code, status) => {
    const body = type === 'application/json' ? '{}' : `${HEAD}\n`;
    const answer = await upload(body).type(type).expect(status);
    expect(answer.body.code).toBe(code);
  });

  it('refuses a compressed body', async () => {
    const { body } = await upload(`${HEAD}\n`).set('Content-Encoding', 'gzip').expect(400);
    expect(body.code).toBe('people/not-csv');
  });
});

describe('a list by API', () => {
  it('has a result for each, in their order, and an audit entry for each that changed', async () => {
    const bulk = async (list: unknown[]): Promise<Record<string, unknown>[]> => {
      const sent = request(app.app.getHttpServer()).post('/api/people/bulk').auth(TEST_TOKEN, { type: 'bearer' });
      return (await sent.send({ people: list }).expect(200)).body.results;
    };
    await bulk([{ person_type: 'staff', external_reference: '1', name: 'A', card_number: '7' }]);
    const results = await bulk([
      { person_type: 'staff', external_reference: '2', name: 'B' },
      { person_type: 'staff', external_reference: '1', name: 'A2', active: false },
      { person_type: 'staff', external_reference: '3', name: 5 },
      { person_type: 'staff', external_reference: '4', name: 'D', pin: '1' },
      'nobody',
      { person_type: 'staff', name: 'E' },
    ]);
    expect(results.map(({ row, outcome, changed, reason_codes: codes }) => [row, outcome, changed, codes])).toEqual([
      [1, 'created', [], []],
      [2, 'updated', ['name', 'active'], []],
      [3, 'refused', [], ['not-text', 'name-missing']],
      [4, 'refused', [], ['not-a-person']],
      [5, 'refused', [], ['not-a-person']],
      [6, 'refused', [], ['reference-missing']],
    ]);
    expect(await bulk([{ person_type: 'staff', external_reference: '1', name: 'A2' }])).toMatchObject([
      { outcome: 'unchanged' },
    ]);
    expect(await everybody()).toMatchObject([
      { reference: '1', name: 'A2', card: '7', active: false },
      { reference: '2', name: 'B', active: true },
    ]);
    const [{ details }] = await auditOf('person_changed');
    expect(details).toMatchObject({ changes: { name: { from: 'A', to: 'A2' }, active: { from: true, to: false } } });
    const [made] = await auditOf('person_created');
    expect(made.details).toMatchObject({ external_reference: '2', name: 'B', active: true });
  });

  it.each([[[]], [Array.from({ length: 201 }, () => ({}))], ['x']])('of none or too many is refused', async (list) => {
    const sent = request(app.app.getHttpServer()).post('/api/people/bulk').auth(TEST_TOKEN, { type: 'bearer' });
    await sent.send({ people: list }).expect(400);
  });
});
