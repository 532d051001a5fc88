// VIDEO and TILES: the messages that change the shown picture. Every rectangle is checked against the
// picture's size here; what is packed in a tile's data is checked when it is unpacked (stream/tiles.ts).

import { ByteReader } from './bytes';
import { kMaxOperations, kMaxSide, kMaxTilePixels, OperationKind, TileEncoding, WireError } from './protocol';

/** What VIDEO and TILES have in common: their place in the order, stage times, the picture's size. */
export interface PictureHead {
  dropped_before: boolean;
  at_rest: boolean;
  sequence: number;
  input_sequence: number;
  capture_time_us: number;
  capture_us: number;
  compose_us: number;
  encode_us: number;
  send_us: number;
  width_px: number;
  height_px: number;
}

/** In pixels of the picture, inside it. */
export interface Area {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The area is the part of the picture that is to be drawn; the decoded picture lies at `coded`, around it. */
export interface Video extends PictureHead, Area {
  type: 'video';
  key: boolean;
  codec: number;
  coded: Area;
  data: Uint8Array;
}

export interface Copy extends Area {
  kind: 'copy';
  to_x: number;
  to_y: number;
}

export interface Tile extends Area {
  kind: 'tile';
  encoding: TileEncoding;
  data: Uint8Array;
}

export type Operation = Copy | Tile;

export interface Tiles extends PictureHead {
  type: 'tiles';
  operations: Operation[];
}

export function isWhole(video: Video): boolean {
  return video.width === video.width_px && video.height === video.height_px;
}

export function decodeVideo(body: Uint8Array, flags: number): Video {
  const r = new ByteReader(body, 'VIDEO');
  const head = decodeHead(r, 'VIDEO', flags);
  const codec = r.u8('codec');
  r.skip(3, 'reserved');
  const area = decodeArea(r, 'VIDEO', head);
  const coded = decodeArea(r, 'VIDEO', head);
  if (!contains(coded, area)) throw new WireError('VIDEO.coded: does not hold what is to be drawn');
  return { type: 'video', key: (flags & 1) !== 0, ...head, codec, ...area, coded, data: r.rest() };
}

export function decodeTiles(body: Uint8Array, flags: number): Tiles {
  const r = new ByteReader(body, 'TILES');
  const head = decodeHead(r, 'TILES', flags);
  const count = r.u16('operations');
  if (count < 1 || count > kMaxOperations) throw new WireError(`TILES.operations: not 1 to ${kMaxOperations}`);
  r.skip(2, 'reserved');
  const operations: Operation[] = [];
  for (let i = 0; i < count; i++) operations.push(decodeOperation(r, head));
  return { type: 'tiles', ...head, operations };
}

function decodeHead(r: ByteReader, message: string, flags: number): PictureHead {
  const head = {
    dropped_before: (flags & 2) !== 0, at_rest: (flags & 4) !== 0,
    sequence: r.u32('sequence'), input_sequence: r.u32('input_sequence'),
    capture_time_us: r.u64('capture_time_us'), capture_us: r.u32('capture_us'),
    compose_us: r.u32('compose_us'), encode_us: r.u32('encode_us'), send_us: r.u32('send_us'),
    width_px: r.u16('width_px'), height_px: r.u16('height_px'),
  };
  for (const side of ['width_px', 'height_px'] as const) {
    if (head[side] < 1 || head[side] > kMaxSide) throw new WireError(`${message}.${side}: not 1 to ${kMaxSide}`);
  }
  return head;
}

function decodeArea(r: ByteReader, message: string, picture: PictureHead): Area {
  const area = { x: r.u16('x'), y: r.u16('y'), width: r.u16('width'), height: r.u16('height') };
  for (const side of ['width', 'height'] as const) {
    if (area[side] === 0) throw new WireError(`${message}.${side}: zero`);
  }
  if (area.x + area.width > picture.width_px || area.y + area.height > picture.height_px) {
    throw new WireError(`${message}.rectangle: reaches outside the picture`);
  }
  return area;
}

function contains(outer: Area, inner: Area): boolean {
  return inner.x >= outer.x && inner.y >= outer.y &&
    inner.x + inner.width <= outer.x + outer.width && inner.y + inner.height <= outer.y + outer.height;
}

function decodeOperation(r: ByteReader, picture: PictureHead): Operation {
  const kind = r.u8('kind');
  if (kind !== OperationKind.Copy && kind !== OperationKind.Tile) throw new WireError('TILES.kind: not 1 or 2');
  const encoding = r.u8('encoding');
  r.skip(2, 'reserved');
  const area = decodeArea(r, 'TILES', picture);
  if (kind === OperationKind.Copy) {
    const to_x = r.u16('to_x');
    const to_y = r.u16('to_y');
    if (to_x + area.width > picture.width_px || to_y + area.height > picture.height_px) {
      throw new WireError('TILES.to: reaches outside the picture');
    }
    return { kind: 'copy', ...area, to_x, to_y };
  }
  if (encoding > TileEncoding.Plain) throw new WireError('TILES.encoding: above 3');
  if (area.width * area.height > kMaxTilePixels) {
    throw new WireError(`TILES.rectangle: more than ${kMaxTilePixels} pixels`);
  }
  const data = r.raw(r.u32('bytes'), 'data');
  return { kind: 'tile', encoding: encoding as TileEncoding, ...area, data };
}
