// Goal: blocks of LZ4 unpack to the byte, and nothing a block says is believed before it is checked.
// Method: blocks made by hand and by the lz4 program (`lz4 -1`, its frame taken off), blocks put together from
// random sequences whose result is known, and each of them cut and with wrong bytes.

import { describe, expect, test } from 'vitest';
import { unpackLz4 } from '../../src/stream/lz4';
import { WireError } from '../../src/wire/protocol';
import { Random } from './random';

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
function unpack(block: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  unpackLz4(block, out);
  return out;
}

test.each([
  ['literals only', '30 616263', 'abc'],
  ['a match that repeats one byte', '15 61 0100 50 6263646566', 'aaaaaaaaaabcdef'],
  ['a match that repeats three bytes', '34 616263 0300 10 78', 'abcabcabcabx'],
  ['a match that does not overlap', '40 61626364 0400 10 78', 'abcdabcdx'],
  ['15 literals, a length of its own', 'f000 303132333435363738393a3b3c3d3e', '0123456789:;<=>'],
  ['a match of 19, a length of its own', '1f 61 0100 00 10 62', 'a'.repeat(20) + 'b'],
])('%s', (_, block, text) => {
  expect(Buffer.from(unpack(bytes(block), text.length)).toString()).toBe(text);
});

describe('as the lz4 program packs', () => {
  test('text', () => {
    const block = bytes('f10b6c696e652030206f6620746865207465726d696e616c2c20300a1a001e311a0012311a001e321a0012341a001e33' +
    '1a0012391a001e341a002231361b001e351b002232351b001e361b00133336001e371b0013346c001e381b001336a100' +
    '1e391b001338d6001f310b01002431300d010e0e0150203132310a');
    const text = Array.from({ length: 12 }, (_, i) => `line ${i} of the terminal, ${i * i}\n`).join('');
    expect(Buffer.from(unpack(block, text.length)).toString()).toBe(text);
  });
  test('long runs', () => {
    const block = bytes('1f000100ff191f010100ff191f020100ff191f030100ff190faf04ff191f00af04ff191f01af04ff191f02af04ff190f' +
    'b004ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff' +
    'ffffffffffffffffffffffffffffffffffffffffffffed500202020202');
    const wanted = Uint8Array.from({ length: 20000 }, (_, i) => Math.floor(i / 300) % 4);
    expect(Buffer.compare(unpack(block, wanted.length), wanted)).toBe(0);
  });
});

/** A block of random sequences, and what it stands for. */
function randomBlock(random: Random) {
  const block: number[] = [];
  const wanted: number[] = [];
  const length = (value: number) => {
    for (value -= 15; value >= 255; value -= 255) block.push(255);
    if (value >= 0) block.push(value);
  };
  const size = () => (random.below(8) === 0 ? random.below(700) : random.below(20));
  for (let left = random.below(12); left >= 0; left--) {
    const literals = Math.max(wanted.length ? 0 : 1, size());
    const match = left > 0 ? size() : 0;
    block.push((Math.min(15, literals) << 4) | Math.min(15, match));
    length(literals);
    for (let i = 0; i < literals; i++) {
      const byte = random.below(256);
      block.push(byte);
      wanted.push(byte);
    }
    if (left === 0) break;
    const offset = 1 + random.below(Math.min(wanted.length, random.below(2) ? 6 : 65535));
    block.push(offset & 255, offset >> 8);
    length(match);
    for (let i = 0; i < match + 4; i++) wanted.push(wanted[wanted.length - offset]!);
  }
  return { block: Uint8Array.from(block), wanted: Uint8Array.from(wanted) };
}

test('random sequences unpack to what they stand for', () => {
  const random = new Random(1);
  for (let i = 0; i < 3000; i++) {
    const { block, wanted } = randomBlock(random);
    expect(Buffer.compare(unpack(block, wanted.length), wanted)).toBe(0);
  }
});

describe('hostile blocks', () => {
  test.each([
    ['nothing', '', 4, 'less'],
    ['no room for the literals', '30 616263', 2, 'more'],
    ['no room for the match', '15 61 0100', 9, 'more'],
    ['too short for the rectangle', '30 616263', 4, 'less'],
    ['literals that are not there', '40 616263', 4, 'within literals'],
    ['half an offset', '15 61 01', 10, 'within an offset'],
    ['offset zero', '15 61 0000', 10, 'before its start'],
    ['a match from before the start', '15 61 0200', 10, 'before its start'],
    ['a length without end', 'f0 ffff', 600, 'within a length'],
    ['a match length without end', '1f 61 0100 ff', 600, 'within a length'],
  ])('%s', (_, block, length, reason) => {
    expect(() => unpack(bytes(block), length)).toThrow(WireError);
    expect(() => unpack(bytes(block), length)).toThrow(reason);
  });
  test('cut anywhere, and with any byte wrong: refused or unpacked, never past the ends', () => {
    const random = new Random(2);
    for (let i = 0; i < 2000; i++) {
      const { block, wanted } = randomBlock(random);
      const bad = random.below(2) ? block.slice(0, random.below(block.length)) : block.slice();
      if (bad.length) bad[random.below(bad.length)] = random.below(256);
      const room = new Uint8Array(wanted.length + 32).fill(0xee);
      try {
        unpackLz4(bad, room.subarray(16, 16 + wanted.length));
      } catch (error) {
        if (!(error instanceof WireError)) throw error;
      }
      expect([...room.slice(0, 16), ...room.slice(-16)].every((byte) => byte === 0xee)).toBe(true);
    }
  });
});
