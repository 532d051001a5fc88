// Goal: no rectangle of VIDEO or TILES reaches outside the picture, and sizes are the protocol's. Method: bytes
// laid out as docs/wire_format.md draws them, at and beyond each limit. (What is right is in golden.test.ts.)

import { describe, expect, test } from 'vitest';
import { ByteWriter } from '../../src/wire/bytes';
import type { Tiles, Video } from '../../src/wire/pictures';
import { decodeServerMessages } from '../../src/wire/server_messages';

function message(type: number, body: ByteWriter): Uint8Array {
  const data = body.take();
  return new ByteWriter().u8(type).u8(0).u16(0).u32(data.length).raw(data).take();
}
function head(width: number, height: number): ByteWriter {
  return new ByteWriter().u32(1).u32(0).u64(0).u32(0).u32(0).u32(0).u32(0).u16(width).u16(height);
}
type Four = [number, number, number, number];
const area = (out: ByteWriter, [x, y, width, height]: Four) => out.u16(x).u16(y).u16(width).u16(height);

function video(rectangle: Four, [width, height] = [100, 200], coded: Four = [0, 0, width!, height!]): Video {
  const body = area(area(head(width!, height!).u8(1).u8(0).u16(0), rectangle), coded).u8(7);
  return decodeServerMessages(message(0x82, body))[0] as Video;
}
function copy(rectangle: Four, x: number, y: number): Tiles {
  const body = area(head(100, 200).u16(1).u16(0).u8(1).u8(0).u16(0), rectangle).u16(x).u16(y);
  return decodeServerMessages(message(0x90, body))[0] as Tiles;
}
function tile(rectangle: Four, encoding = 0, bytes = 3, [width, height] = [100, 200]): Tiles {
  const body = area(head(width!, height!).u16(1).u16(0).u8(2).u8(encoding).u16(0), rectangle).u32(bytes);
  return decodeServerMessages(message(0x90, body.u8(1).u8(2).u8(3)))[0] as Tiles;
}

describe('VIDEO', () => {
  test('a part at the edge', () => {
    expect(video([99, 0, 1, 200])).toMatchObject({ x: 99, y: 0, width: 1, height: 200, data: new Uint8Array([7]) });
  });
  test('a decoded picture that lies in a corner', () => {
    const coded = { x: 60, y: 120, width: 40, height: 80 };
    expect(video([60, 120, 40, 80], [100, 200], [60, 120, 40, 80])).toMatchObject({ ...coded, coded });
  });
  test.each([
    ['VIDEO.rectangle', [60, 120, 41, 80]], ['VIDEO.coded', [60, 121, 40, 79]], ['VIDEO.coded', [61, 120, 39, 80]],
    ['VIDEO.coded', [60, 120, 39, 80]], ['VIDEO.coded', [60, 120, 40, 79]], ['VIDEO.width', [60, 120, 0, 80]],
  ] as [string, Four][])('%s: decoded at %j', (field, coded) =>
    expect(() => video([60, 120, 40, 80], [100, 200], coded)).toThrow(`${field}:`));
  test.each([
    ['VIDEO.rectangle', [1, 0, 100, 200]], ['VIDEO.rectangle', [0, 1, 100, 200]], ['VIDEO.width', [0, 0, 0, 1]],
    ['VIDEO.height', [0, 0, 1, 0]], ['VIDEO.rectangle', [65535, 65535, 65535, 65535]],
  ] as [string, Four][])('%s: %j', (field, rectangle) => expect(() => video(rectangle)).toThrow(`${field}:`));
  test.each([[0, 1], [1, 0], [4097, 1], [1, 4097]])('a picture of %i × %i', (width, height) => {
    expect(() => video([0, 0, 1, 1], [width, height])).toThrow(/^VIDEO\.(width|height)_px: /);
  });
});

describe('TILES', () => {
  test('to the edges', () => {
    expect(copy([90, 190, 10, 10], 90, 0).operations[0]).toMatchObject({ kind: 'copy', to_x: 90, to_y: 0 });
    expect(tile([99, 199, 1, 1]).operations[0]).toMatchObject({ kind: 'tile', x: 99, data: new Uint8Array([1, 2, 3]) });
  });
  test('the data is borrowed', () => {
    const operation = tile([0, 0, 1, 1]).operations[0]!;
    expect(operation.kind === 'tile' && operation.data.buffer.byteLength).toBeGreaterThan(40);
  });
  test.each<[string, () => unknown]>([
    ['TILES.rectangle', () => copy([91, 0, 10, 10], 0, 0)],
    ['TILES.to', () => copy([0, 0, 10, 10], 91, 0)],
    ['TILES.to', () => copy([0, 0, 10, 10], 0, 191)],
    ['TILES.rectangle', () => tile([100, 0, 1, 1])],
    ['TILES.width', () => tile([0, 0, 0, 1])],
    ['TILES.encoding', () => tile([0, 0, 1, 1], 4)],
    ['TILES.data', () => tile([0, 0, 1, 1], 0, 4)],
    ['TILES.data', () => tile([0, 0, 1, 1], 0, 0xffffffff)],
    ['TILES.rectangle', () => tile([0, 0, 512, 513], 0, 3, [4096, 4096])],
    ['TILES.width_px', () => tile([0, 0, 1, 1], 0, 3, [4097, 10])],
    ['TILES.kind', () => decodeServerMessages(message(0x90, head(9, 9).u16(1).u16(0).u8(3).raw(new Uint8Array(15))))],
    ['TILES.kind', () => decodeServerMessages(message(0x90, head(9, 9).u16(1).u16(0)))],
    ['TILES.operations', () => decodeServerMessages(message(0x90, head(9, 9).u16(0).u16(0)))],
    ['TILES.operations', () => decodeServerMessages(message(0x90, head(9, 9).u16(1025).u16(0)))],
  ])('refused: %s', (field, run) => expect(run).toThrow(`${field}:`));
});
