import { wallTimeFromDate } from '@app/kernel';
import { type EmulatedPunch, type EmulatedTemplate, type EmulatedUser } from './emulated-people.js';

const GIVEN_AND_FAMILY: Readonly<Record<string, readonly [readonly string[], readonly string[], string]>> = {
  latin: [
    ['Mina', 'José', 'Zoë', 'Łukasz', 'Amara', 'Renée', 'Björn', 'Ana', 'Tomás', 'Ingrid', 'Noor', 'Émile'],
    ['Ward', 'Núñez', 'Okafor', 'Šimić', 'Dubois', 'Larsen', 'Romero', 'Kowalski', 'Mbeki', 'Öz'],
    ' ',
  ],
  amharic: [['አበበ', 'ሰላም', 'ታደሰ', 'ሃና', 'ዳዊት', 'ማርታ', 'ብርሃን', 'ሊያ'], ['በቀለ', 'ከበደ', 'ታዬ', 'አለሙ', 'ግርማ'], ' '],
  arabic: [
    ['أحمد', 'فاطمة', 'خالد', 'مريم', 'يوسف', 'ليلى', 'عمر', 'نور'],
    ['حسن', 'علي', 'سالم', 'ناصر', 'صالح'],
    ' ',
  ],
  chinese: [['王', '李', '张', '刘', '陈', '杨', '赵', '黄'], ['小明', '丽华', '伟', '芳', '秀英', '建国', '静'], ''],
};
const SCRIPTS = Object.keys(GIVEN_AND_FAMILY);

/**
 * Invents people: names in four scripts in UTF-8, cut at a character as a terminal's field demands; cards, a few
 * managers, some PINs. The same seed invents the same people.
 */
export function inventUsers(options: {
  readonly count: number;
  readonly seed?: number;
  readonly firstSlot?: number;
  readonly recordWidth?: 28 | 72;
}): EmulatedUser[] {
  const { count, seed = 1, firstSlot = 1, recordWidth = 72 } = options;
  const random = randomNumbers(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const nameBytes = recordWidth === 72 ? 23 : 8;
  return Array.from({ length: count }, (_, i) => ({
    slot: firstSlot + i,
    userId: String(1001 + i),
    name: random() < 0.02 ? Buffer.alloc(0) : cutAtCharacter(inventName(SCRIPTS[i % SCRIPTS.length], below), nameBytes),
    privilege: i === 0 ? 14 : random() < 0.03 ? 6 : 0,
    password: random() < 0.3 ? String(1000 + below(9000)) : '',
    card: random() < 0.5 ? 1_000_000 + below(9_000_000) : 0,
    group: 1 + below(3),
    ownZones: false,
    zones: recordWidth === 72 ? [0, 0, 0] : [0],
  }));
}

/** Invents one or two fingers for most of these people; the bytes mean nothing. */
export function inventTemplates(users: readonly EmulatedUser[], seed = 1): EmulatedTemplate[] {
  const random = randomNumbers(seed + 1);
  return users.flatMap(({ slot }) =>
    [6, 7]
      .slice(0, Math.floor(random() * 3))
      .map((finger) => ({ slot, finger, flag: 1, template: inventTemplate(random) })),
  );
}

/** Invents punches: in each morning and out each afternoon of the days before `until`, in the order of their making. */
export function inventPunches(
  users: readonly EmulatedUser[],
  options: { readonly days: number; readonly until: Date; readonly seed?: number },
): EmulatedPunch[] {
  const random = randomNumbers((options.seed ?? 1) + 2);
  const midnight = Date.UTC(options.until.getUTCFullYear(), options.until.getUTCMonth(), options.until.getUTCDate());
  const punches: { readonly at: number; readonly punch: EmulatedPunch }[] = [];
  for (let day = options.days; day >= 1; day -= 1) {
    for (const { slot, userId } of users) {
      if (random() < 0.1) continue; // at home that day
      for (const [state, hour] of [
        [0, 7],
        [1, 16],
      ]) {
        const at = midnight - day * 86_400_000 + hour * 3_600_000 + Math.floor(random() * 5_400) * 1_000;
        const verify = random() < 0.8 ? 1 : 4;
        punches.push({ at, punch: { slot, userId, time: wallTimeFromDate(new Date(at)), verify, state } });
      }
    }
  }
  return punches.toSorted((a, b) => a.at - b.at).map(({ punch }) => punch);
}

function inventName(script: string, below: (limit: number) => number): string {
  const [given, family, between] = GIVEN_AND_FAMILY[script];
  return `${given[below(given.length)]}${between}${family[below(family.length)]}`;
}

function inventTemplate(random: () => number): Buffer {
  const size = 480 + Math.floor(random() * 120);
  const template = Buffer.alloc(size);
  for (let i = 0; i < size; i += 1) template[i] = Math.floor(random() * 256);
  return template;
}

function cutAtCharacter(text: string, bytes: number): Buffer {
  let cut = '';
  for (const character of text) {
    if (Buffer.byteLength(cut + character) > bytes) break;
    cut += character;
  }
  return Buffer.from(cut.trimEnd());
}

/** Numbers in [0, 1) by mulberry32: small, quick, and the same on every machine. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
