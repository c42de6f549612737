import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NAME_ENCODINGS, type NameEncoding } from './device-target.js';
import { nameDecoder, nameEncoder } from './name-encoding.js';

const hexOf = (encoding: NameEncoding, text: string): string => {
  const encoded = nameEncoder(encoding)(text);
  return Buffer.isBuffer(encoded) ? encoded.toString('hex') : `lacks ${encoded.lacking.join('')}`;
};

describe('the encoding of names', () => {
  it.each([
    ['utf-8', 'Zoë 李', '5a6fc3ab20e69d8e'],
    ['auto', 'ሰላም', 'e188b0e18b8de1889d'.replace('e18b8d', 'e1888b')],
    ['latin1', 'José', '4a6f73e9'],
    ['latin1', 'Łukasz李', 'lacks Ł李'],
    ['gbk', '王小明', 'cdf5d0a1c3f7'],
    ['gbk', 'Zoë', 'lacks ë'],
    ['gbk', 'أحمد', 'lacks أحمد'],
    ['windows-1256', 'أحمد', 'c3cde3cf'],
    ['windows-1256', '王', 'lacks 王'],
    ['utf-8', 'a\ud800', 'lacks \ud800'],
  ] as const)('%s of "%s"', (encoding, text, expected) => {
    expect(hexOf(encoding, text)).toBe(expected);
  });

  it.each(NAME_ENCODINGS)(
    '%s: what is written is read again as the same, or is refused with the characters it lacks',
    (encoding) => {
      const [encode, decode] = [nameEncoder(encoding), nameDecoder(encoding)];
      const text = fc.oneof(
        fc.string({ unit: 'grapheme' }),
        fc.string({ unit: 'binary' }),
        fc.string({ unit: fc.constantFrom(...'José Łİ أحمد ሰላም 王小明€éü–') }),
      );
      fc.assert(
        fc.property(text, (name) => {
          const encoded = encode(name);
          if (Buffer.isBuffer(encoded)) expect(decode(encoded)).toBe(name);
          else for (const lacking of encoded.lacking) expect(name).toContain(lacking);
        }),
        { numRuns: 1_000 },
      );
    },
  );

  it('makes of every character of a code page the bytes that its decoder reads', () => {
    const decode = nameDecoder('gbk');
    for (let lead = 0x81; lead <= 0xfe; lead += 1) {
      const name = decode(Buffer.from([lead, 0xa1]));
      if ([...name].length === 1 && name !== '\u{fffd}') expect(hexOf('gbk', name)).not.toMatch(/^lacks/);
    }
  });
});
