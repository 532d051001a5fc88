// Goal: a tile's data becomes exactly the pixels it stands for, or a named error. Method: tiles by hand, of
// each encoding, one after the other through one decoder.

import { expect, test } from 'vitest';
import { solidColour, TileDecoder } from '../../src/stream/tiles';
import type { Tile } from '../../src/wire/pictures';
import { TileEncoding } from '../../src/wire/protocol';

const decoder = new TileDecoder();
const tile = (encoding: TileEncoding, width: number, height: number, data: number[]): Tile =>
  ({ kind: 'tile', encoding, x: 0, y: 0, width, height, data: Uint8Array.from(data) });
const decode = (...args: Parameters<typeof tile>) => [...decoder.decode(tile(...args))];

test('palette: one index a pixel', () => {
  expect(decode(TileEncoding.Palette, 2, 2, [1, 1, 2, 3, 250, 251, 252, 0x40, 0, 1, 1, 0]))
    .toEqual([1, 2, 3, 255, 250, 251, 252, 255, 250, 251, 252, 255, 1, 2, 3, 255]);
});
test('palette of 256 colours', () => {
  const colours = Array.from({ length: 256 }, (_, i) => [i, 255 - i, 7]).flat();
  expect(decode(TileEncoding.Palette, 2, 1, [255, ...colours, 0x20, 255, 0]))
    .toEqual([255, 0, 7, 255, 0, 255, 7, 255]);
});
test('RGB, packed and plain', () => {
  const pixels = [1, 2, 3, 255, 4, 5, 6, 255];
  expect(decode(TileEncoding.Rgb, 2, 1, [0x60, 1, 2, 3, 4, 5, 6])).toEqual(pixels);
  expect(decode(TileEncoding.Plain, 1, 2, [1, 2, 3, 4, 5, 6])).toEqual(pixels);
});
test('the largest tile fits', () => {
  const data = [0x1f, 9, 1, 0];
  const length = 512 * 512 * 3 - 2 - 19;
  for (let left = length; left >= 0; left -= 255) data.push(Math.min(255, left));
  const out = decoder.decode(tile(TileEncoding.Rgb, 512, 512, [...data, 0x10, 9]));
  expect(out.length).toBe(512 * 512 * 4);
  expect(out.every((value, i) => value === (i % 4 === 3 ? 255 : 9))).toBe(true);
});
test('solid is a colour', () => {
  expect(solidColour(tile(TileEncoding.Solid, 9, 9, [1, 2, 255]))).toEqual([1, 2, 255]);
});

test.each([
  ['TILES.bytes: not 3 for', () => solidColour(tile(TileEncoding.Solid, 1, 1, [1, 2, 3, 4]))],
  ['TILES.bytes: too few', () => decode(TileEncoding.Palette, 1, 1, [])],
  ['TILES.bytes: too few', () => decode(TileEncoding.Palette, 1, 1, [1, 1, 2, 3])],
  ['TILES.data: an index', () => decode(TileEncoding.Palette, 1, 1, [0, 1, 2, 3, 0x10, 1])],
  ['TILES.data: the LZ4', () => decode(TileEncoding.Rgb, 1, 1, [0x20, 1, 2])],
  ['TILES.bytes: not 3 a pixel', () => decode(TileEncoding.Plain, 1, 1, [1, 2])],
])('refused: %s', (text, run) => expect(run).toThrow(text));
