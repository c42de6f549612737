import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type PersonType } from '@app/kernel';
import { PeopleFileError } from './people-import.errors.js';
import { readPeopleCsv } from './people-csv.js';
import { type PersonRow } from './person-row.js';

async function read(
  file: string | Uint8Array,
  options: { defaultType?: PersonType; size?: number } = {},
): Promise<PersonRow[]> {
  const bytes = Buffer.from(file as string);
  const size = options.size ?? 64 * 1024;
  async function* chunks(): AsyncGenerator<Buffer> {
    for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
  }
  const rows: PersonRow[] = [];
  for await (const row of readPeopleCsv(chunks(), options)) rows.push(row);
  return rows;
}

const HEAD = 'person_type,external_reference,name,card_number,active';

describe('a file of people', () => {
  it('is read whatever the order of its columns, with the line that each row begins in', async () => {
    const file = `name,active,external_reference,person_type\r\n"Ward, Mina",no,S1,staff\r\n\r\n,,,\r\n" A\r\n",,S2,student\r\nB,,S3,student`;
    expect(await read(file)).toEqual([
      {
        line: 2,
        personType: 'staff',
        externalReference: 'S1',
        name: 'Ward, Mina',
        cardNumber: null,
        isCardTold: false,
        active: false,
        refusals: [],
      },
      {
        line: 5,
        personType: 'student',
        externalReference: 'S2',
        name: 'A',
        cardNumber: null,
        isCardTold: false,
        active: null,
        refusals: [],
      },
      {
        line: 7,
        personType: 'student',
        externalReference: 'S3',
        name: 'B',
        cardNumber: null,
        isCardTold: false,
        active: null,
        refusals: [],
      },
    ]);
  });

  it.each([
    [';', '\ufeff'],
    ['\t', ''],
    [',', '\ufeff'],
  ])('finds out that %j separates, with a byte order mark %j', async (separator, mark) => {
    const lines = [`"External_Reference"${separator} NAME`, `R1${separator}"a,;b"`];
    const [row] = await read(mark + lines.join('\n'), { defaultType: 'student' });
    expect(row).toMatchObject({ externalReference: 'R1', personType: 'student', name: 'a,;b', refusals: [] });
  });

  it('takes the default type where a row tells none', async () => {
    const rows = await read('person_type,external_reference,name\n,1,A\nstaff,2,B\n', { defaultType: 'student' });
    expect(rows.map(({ personType }) => personType)).toEqual(['student', 'staff']);
  });

  it('names all that is wrong with a row, and the row that has a cell too many', async () => {
    const rows = await read(`${HEAD}\nguest,,,x,perhaps\nstaff,1,A,1,yes,\n`);
    expect(rows.map(({ line, refusals }) => [line, refusals.map(({ code }) => code)])).toEqual([
      [2, ['type-unknown', 'reference-missing', 'name-missing', 'card-not-digits', 'active-unknown']],
      [3, ['cell-count']],
    ]);
  });

  it.each([
    ['', 'people/file-empty', 'header row'],
    ['\ufeff\n', 'people/file-empty', 'header row'],
    ['name,external_reference,salary\n', 'people/unknown-column', '"salary"'],
    ['name,external_reference\n', 'people/missing-column', 'default_type'],
    ['name,person_type\n', 'people/missing-column', 'lacks external_reference'],
    ['name,name\n', 'people/bad-header', 'name twice'],
    ['x'.repeat(20_000), 'people/bad-header', '16384 bytes'],
    [`${HEAD}\nstaff,1,"A`, 'people/file-damaged', 'never closed'],
    [`${HEAD}\nstaff,1,A"B",,\n`, 'people/file-damaged', 'ends in line 2'],
    [`${HEAD}\nstaff,1,${'A'.repeat(70_000)},,\n`, 'people/file-damaged', 'longer than 65536 bytes'],
    [Buffer.from(`\ufeff${HEAD}`, 'utf16le'), 'people/bad-encoding', 'UTF-16'],
    [Buffer.from(`${HEAD}\nstaff,1,A,,\nstaff,2,Zo\u00eb,,\n`, 'latin1'), 'people/bad-encoding', 'Line 3'],
  ])('%j is refused as a whole', async (file, code, part) => {
    const error: unknown = await read(file).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PeopleFileError);
    expect(error).toMatchObject({ code, message: expect.stringContaining(part) });
  });

  it('gives rows or our own error, whatever its bytes are', async () => {
    const noise = fc.uint8Array({ maxLength: 300 });
    const nearly = fc
      .array(fc.constantFrom('staff', 'R1', '"', ',', ';', '\n', '\r\n', '\r', 'A', '007', '\u0000', '\ufeff', 'é'), {
        maxLength: 60,
      })
      .map((parts) => Buffer.from(`${HEAD}\n${parts.join('')}`));
    await fc.assert(
      fc.asyncProperty(fc.oneof(noise, nearly), async (bytes) => {
        const outcome = await read(bytes).catch((thrown: unknown) => thrown);
        if (!Array.isArray(outcome)) expect(outcome).toBeInstanceOf(PeopleFileError);
      }),
      { numRuns: 500 },
    );
  });

  it('gives the same rows however it is cut into pieces', async () => {
    const cell = fc.constantFrom('A', 'Zoë', '"Ward, M"', '"a""b"', '', '宮崎', '"x\r\ny"', '7');
    const rows = fc.array(fc.tuple(cell, cell, cell), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 1, max: 40 }), async (cells, size) => {
        const file = ['external_reference,name,card_number', ...cells.map((row) => row.join())].join('\r\n');
        expect(await read(file, { defaultType: 'staff', size })).toEqual(await read(file, { defaultType: 'staff' }));
      }),
      { numRuns: 200 },
    );
  });
});
