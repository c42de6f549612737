import { afterEach, describe, expect, it } from '@jest/globals';
import { type DeviceUser } from '@app/device-gateway';
import { type DeviceWriter, type UserChange, type UserSnapshot } from '@app/device-writer';
import { AppError, canonicalDeviceUserId, type DeviceUserId } from '@app/kernel';
import { aUser, QUICK_TIMEOUTS, type RigPerson, WRITER_RIGS, type WriterRig, type WriterRigKind } from '@test/support';

const PATIENCE = { ...QUICK_TIMEOUTS, idleMs: 200, replyMs: 300, pageMs: 150, datagramMs: 60, closeMs: 20 };
/** Codes of errors after which nothing was done. */
const NOT_DONE = /^device-writer\/(refused|user-changed)$|^device\//;
let rig: WriterRig;

afterEach(async () => {
  await rig[Symbol.asyncDispose]();
});

function finger(number: number, flag = 1): RigPerson['fingers'][number] {
  const template = Buffer.from(Array.from({ length: 300 + number }, (_, i) => (i * 7 + number) & 0xff));
  return { finger: number, flag, template };
}

/** Whoever is written, between two others; he has everything that a user can have. */
const PEOPLE: readonly RigPerson[] = [
  { user: aUser(1, { name: Buffer.from('Ann'), card: 11 }), fingers: [finger(3)] },
  {
    user: aUser(2, {
      name: Buffer.from('ሰላም'.slice(0, 2)),
      card: 4_000_000_000,
      password: '4471',
      group: 7,
      ownZones: true,
      zones: [2, 1, 0],
    }),
    fingers: [finger(0), finger(6), finger(9)],
  },
  { user: aUser(3, { name: Buffer.from('Zoë'), card: 33, password: '12345' }), fingers: [] },
];
const WHO = canonicalDeviceUserId('9002');

async function open(): Promise<DeviceWriter> {
  await rig.ready();
  return rig.writers.open(rig.target);
}

async function read(writer: DeviceWriter, id: DeviceUserId = WHO): Promise<UserSnapshot> {
  const snapshot = await writer.readUser(id, 'everything');
  if (!snapshot) throw new Error(`user ${id} is not there`);
  return snapshot;
}

async function errorOf(work: Promise<unknown>): Promise<AppError | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

/** What DeviceWriter promises of every kind of terminal. */
describe.each(WRITER_RIGS)('a writer of $name', (kind) => {
  const start = async (people: readonly RigPerson[] = PEOPLE, userCapacity?: number): Promise<void> => {
    rig = await kind.start({ people, timeouts: PATIENCE, userCapacity });
  };

  describe('changes one attribute and nothing else', () => {
    const changes: readonly (readonly [string, UserChange, Partial<DeviceUser>])[] = [
      ['the name', { name: 'Åsa 李' }, {}],
      ['the name, to none', { name: null }, {}],
      ['the card', { cardNumber: '77' }, {}],
      ['the card, to none', { cardNumber: null }, {}],
      ['the privilege', { privilege: 1 }, { privilege: 1 }],
      ['the PIN, to none', { hasPin: false }, { hasPin: false }],
      ...(kind.hasSlots
        ? ([
            ['the group', { groupId: 200 }, { groupId: 200 }],
            ['the time zones', { timezoneId: kind.zones }, { timezoneId: kind.zones }],
            ['the time zones, to those of the group', { timezoneId: null }, { timezoneId: null }],
          ] as const)
        : []),
    ];

    it.each(changes)('%s', async (_, change, told) => {
      await start();
      const others = new Map(rig.state());
      await using writer = await open();
      const before = await read(writer);
      const after = writer.plan(before, change);
      await writer.update(before, after);
      const found = await read(writer);
      expect(writer.confirms(after, found)).toBe(true);
      expect(found.bytes.equals(after.bytes)).toBe(true);
      const { details, ...rest } = before.user;
      const { name = details!.name, cardNumber = details!.cardNumber } = change;
      expect(found.user).toMatchObject({ ...rest, ...told, details: { name, cardNumber } });
      expect(marksOf(found)).toEqual(marksOf(before).filter((mark) => !changedMark(mark, change)));
      for (const [id, held] of rig.state()) if (id !== WHO) expect(held).toBe(others.get(id));
      expect(rig.state().size).toBe(PEOPLE.length);
      expect(rig.isUsable()).toBe(true);
    });
  });

  it('sends nothing for a change that changes nothing', async () => {
    await start();
    await using writer = await open();
    const before = await read(writer);
    const { details } = before.user;
    const after = writer.plan(before, { name: details!.name, cardNumber: details!.cardNumber });
    expect(after.bytes.equals(before.bytes)).toBe(true);
    await writer.update(before, after);
    expect(rig.takeWrites()).toEqual([]);
  });

  it('deletes one user, and his punches stay', async () => {
    await start();
    const [others, punches] = [new Map(rig.state()), rig.punches()];
    others.delete(WHO);
    await using writer = await open();
    await writer.delete(await read(writer));
    expect(await writer.readUser(WHO, 'everything')).toBeUndefined();
    expect(new Map(rig.state())).toEqual(others);
    expect(rig.punches()).toBe(punches);
    expect(rig.isUsable()).toBe(true);
  });

  it('restores a deleted user bit for bit, out of bytes that were stored', async () => {
    await start();
    const whole = new Map(rig.state());
    const stored = await (async () => {
      await using writer = await open();
      const before = await read(writer);
      await writer.delete(before);
      return Buffer.from(before.bytes);
    })();
    await using writer = await open();
    const snapshot = writer.decode(stored);
    const planned = await writer.planRestore(snapshot);
    expect(planned.bytes.equals(stored)).toBe(true);
    await writer.restore(planned);
    expect(new Map(rig.state())).toEqual(whole);
    expect((await read(writer)).bytes.equals(stored)).toBe(true);
    expect(rig.isUsable()).toBe(true);
  });

  it('says that a user is there, and restores nobody over him', async () => {
    await start();
    await using writer = await open();
    const before = await read(writer);
    expect(await errorOf(writer.planRestore(before))).toMatchObject({ code: 'device-writer/user-changed' });
    expect(await errorOf(writer.restore(before))).toMatchObject({ code: 'device-writer/user-changed' });
    expect(rig.takeWrites()).toEqual([]);
  });

  it('writes nothing over a user who has been changed, or is gone', async () => {
    await start();
    await using writer = await open();
    const before = await read(writer);
    const after = writer.plan(before, { name: 'Other' });
    const [, { user, fingers }] = PEOPLE;
    for (const people of [[PEOPLE[0], { user: { ...user, card: 5 }, fingers }], [PEOPLE[0]]]) {
      rig.setPeople(people);
      for (const work of [() => writer.update(before, after), () => writer.delete(before)])
        expect(await errorOf(work())).toMatchObject({ code: 'device-writer/user-changed' });
    }
    rig.setPeople([PEOPLE[0], { user, fingers: [...fingers, finger(1)] }]);
    expect(await errorOf(writer.delete(before))).toMatchObject({ code: 'device-writer/user-changed' });
    expect(rig.takeWrites()).toEqual([]);
  });

  it('restores nobody to a terminal that is full', async () => {
    await start(PEOPLE, PEOPLE.length);
    await using writer = await open();
    const before = await read(writer);
    await writer.delete(before);
    rig.setPeople([...PEOPLE.filter(({ user }) => user.userId !== WHO), { user: aUser(4, { card: 4 }), fingers: [] }]);
    rig.takeWrites();
    expect(await errorOf(writer.planRestore(before))).toMatchObject({ code: 'device-writer/unwritable-value' });
    expect(rig.takeWrites()).toEqual([]);
  });

  it('writes to no terminal but the registered one', async () => {
    await start();
    await rig.ready();
    const error = await errorOf(rig.writers.open(rig.foreignTarget));
    expect(['device/serial-mismatch', 'device/not-connected']).toContain(error?.code);
    expect(rig.takeWrites()).toEqual([]);
  });

  it('shows by reading back that a terminal cut a name without a word', async () => {
    await start();
    await using writer = await open();
    const before = await read(writer);
    const after = writer.plan(before, { name: 'Maria' });
    rig.cutNames(3);
    await writer.update(before, after);
    const found = await read(writer);
    expect(writer.confirms(after, found)).toBe(false);
    expect(found.user.details?.name).toBe('Mar');
  });

  describe('refuses a name that does not fit', () => {
    it('with control characters', async () => {
      await start();
      await using writer = await open();
      const before = await read(writer);
      for (const name of ['a\nb', 'a\u0000b', '\u007f'])
        expect(() => writer.plan(before, { name })).toThrow(/control character/);
    });

    const { nameBytes: bytes } = kind;
    if (bytes === undefined) return;

    it(`of more than ${bytes} bytes, or cuts it`, async () => {
      await start();
      await using writer = await open();
      const before = await read(writer);
      const fits = 'x'.repeat(bytes);
      expect(writer.plan(before, { name: fits }).user.details?.name).toBe(fits);
      const long = `${'x'.repeat(bytes - 1)}é`;
      expect(() => writer.plan(before, { name: long })).toThrow(
        `has ${bytes + 1} bytes in utf-8, and the terminal holds ${bytes}`,
      );
      const cut = (name: string): string | null | undefined =>
        writer.plan(before, { name }, { shortenName: true }).user.details?.name;
      expect(cut(long)).toBe('x'.repeat(bytes - 1));
      // An accent, a flag and a family are one character each, and none of them is cut in two.
      expect(cut(`${'x'.repeat(bytes - 2)}e\u0301`)).toBe('x'.repeat(bytes - 2));
      expect(cut(`${'x'.repeat(bytes - 4)} 🇪🇹`)).toBe('x'.repeat(bytes - 4));
      expect(() => writer.plan(before, { name: '👨‍👩‍👧‍👦'.repeat(3) }, { shortenName: true })).toThrow(/bytes in utf-8/);
    });
  });

  describe.each(['update', 'delete', 'restore'] as const)('a fault at any step of a write: %s', (operation) => {
    it('leaves the terminal as it was or as it should be, and is told apart', async () => {
      await start();
      const whole = new Map(rig.state());
      const faults = rig.faults(operation);
      expect(faults.length).toBeGreaterThan(10);
      for (const { name, lies, set } of taste(faults, kind)) {
        rig.setPeople(PEOPLE);
        const { error, before, after, now } = await runWith(operation, set);
        const state = now === before ? 'before' : now === after ? 'after' : 'between';
        const told = error === undefined ? 'done' : NOT_DONE.test(error.code) ? 'not done' : error.code;
        expect([name, told]).toEqual([name, expect.stringMatching(/^(done|not done|device-writer\/outcome-unknown)$/)]);
        if (told === 'not done') expect([name, state]).toEqual([name, 'before']);
        if (told === 'done' && !lies) expect([name, state]).toEqual([name, 'after']);
        const isOne = kind.steps === 'one' || operation === 'update';
        if (isOne) expect([name, state]).not.toEqual([name, 'between']);
        for (const [id, held] of rig.state()) if (id !== WHO) expect([name, held]).toEqual([name, whole.get(id)]);
      }
    });
  });

  /** What became of an operation with a fault; states are those of the user. */
  async function runWith(
    operation: 'update' | 'delete' | 'restore',
    setFault: () => void,
  ): Promise<{ error?: AppError; before?: string; after?: string; now?: string }> {
    const original = rig.state().get(WHO);
    const held = (): string | undefined => rig.state().get(WHO);
    const writer = await open();
    const snapshot = await read(writer);
    const wanted = writer.plan(snapshot, { name: 'Other' });
    if (operation === 'restore') await writer.delete(snapshot);
    const [before, after] = await expected(operation, writer, snapshot, wanted, original);
    rig.takeWrites();
    setFault();
    const work = {
      update: () => writer.update(snapshot, wanted),
      delete: () => writer.delete(snapshot),
      restore: () => writer.restore(snapshot),
    }[operation];
    const error = await errorOf(work());
    const writes = rig.takeWrites();
    expect(writes).toEqual([...new Set(writes)]); // none came twice
    rig.clearFaults();
    await writer.close();
    return { error, before, after, now: held() };
  }

  async function expected(
    operation: string,
    writer: DeviceWriter,
    snapshot: UserSnapshot,
    wanted: UserSnapshot,
    original: string | undefined,
  ): Promise<[string | undefined, string | undefined]> {
    if (operation === 'delete') return [original, undefined];
    if (operation === 'restore') return [undefined, original];
    await writer.update(snapshot, wanted);
    const after = rig.state().get(WHO);
    await writer.update(wanted, snapshot);
    expect(rig.state().get(WHO)).toBe(original);
    return [original, after];
  }
});

/** Every third fault, others for each kind of terminal; all of them with `npm run soak`, since most are waited for. */
function taste<T>(faults: readonly T[], kind: WriterRigKind): T[] {
  const offset = WRITER_RIGS.indexOf(kind) % 3;
  return faults.filter((_, i) => process.env.CHAOS === 'full' || i % 3 === offset);
}

function marksOf({ credentials }: UserSnapshot): string[] {
  return credentials.map(({ kind, index, digest }) => `${kind} ${index} ${kind === 'card' ? '' : digest}`);
}

function changedMark(mark: string, { cardNumber, hasPin }: UserChange): boolean {
  return (cardNumber === null && mark.startsWith('card')) || (hasPin === false && mark.startsWith('pin'));
}
