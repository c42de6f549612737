import { describe, expect, it } from '@jest/globals';
import { parseKeptHeads } from './kept-heads.js';

const HEAD = { stream: 'device:1', block: '12', hash: 'a0'.repeat(32) };

describe('kept heads', () => {
  it('are taken from the document of a check', () => {
    expect(parseKeptHeads(JSON.stringify({ intact: true, entries: 3, heads: [HEAD] }))).toEqual([HEAD]);
  });

  it.each([
    ['', /no JSON/],
    ['null', /no list/],
    ['{"heads": []}', /no list/],
    [JSON.stringify({ heads: [HEAD, { ...HEAD, block: '0' }] }), /entry 2/],
    [JSON.stringify({ heads: [{ ...HEAD, hash: 'A0' }] }), /entry 1/],
    [JSON.stringify({ heads: [null] }), /entry 1/],
  ])('are refused when the document is another: %s', (text, message) => {
    expect(() => parseKeptHeads(text)).toThrow(message);
  });
});
