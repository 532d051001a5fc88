// The server's side of docs/wire_format.md, as far as the stand-in engine needs it.

export const client = {
  hello: 0x01, resize: 0x02, rotate: 0x03, quality: 0x04, ack: 0x05, ping: 0x06, key_request: 0x07, visibility: 0x08,
  touch: 0x10, pointer: 0x11, wheel: 0x12, key: 0x13, text: 0x14, clipboard: 0x15,
};

function message(type, flags, body) {
  const header = Buffer.alloc(8);
  header.writeUInt8(type, 0);
  header.writeUInt8(flags, 1);
  header.writeUInt32LE(body.length, 4);
  return Buffer.concat([header, body]);
}

function text(value) {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(2);
  length.writeUInt16LE(bytes.length);
  return Buffer.concat([length, bytes]);
}

const now_us = () => process.hrtime.bigint() / 1000n;

export const feature = { lossless_tiles: 1, cursor_images: 8, clipboard: 16 };

export function welcome(phone, features) {
  const body = Buffer.alloc(16);
  body.writeUInt16LE(1, 0);
  body.writeUInt16LE(1, 2);
  body.writeUInt32LE(features, 4);
  body.writeBigUInt64LE(now_us(), 8);
  return message(0x81, 0, Buffer.concat([body, text(phone), text('stand-in')]));
}

function pictureHead(bytes, { sequence, input_sequence = 0, width, height }) {
  const head = Buffer.alloc(bytes);
  head.writeUInt32LE(sequence, 0);
  head.writeUInt32LE(input_sequence, 4);
  head.writeBigUInt64LE(now_us(), 8);
  head.writeUInt16LE(width, 32);
  head.writeUInt16LE(height, 34);
  return head;
}

const u16s = (...values) => Buffer.from(Uint16Array.from(values).buffer);

const area = ({ x, y, width, height }) => u16s(x, y, width, height);

/** `part` is what of the picture is to be drawn, `coded` where the decoded one lies: all of it unless given. */
export function video({ key, data, part, coded, ...picture }) {
  const head = pictureHead(40, picture);
  head.writeUInt8(1, 36);
  const whole = { x: 0, y: 0, width: picture.width, height: picture.height };
  return message(0x82, key ? 1 : 0, Buffer.concat([head, area(part ?? whole), area(coded ?? whole), data]));
}

export const encoding = { solid: 0, palette: 1, rgb: 2, plain: 3 };

export const copy = ({ x, y, width, height }, to_x, to_y) =>
  Buffer.concat([Buffer.from([1, 0, 0, 0]), u16s(x, y, width, height, to_x, to_y)]);

export function tile({ x, y, width, height }, kind, data) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(data.length);
  return Buffer.concat([Buffer.from([2, kind, 0, 0]), u16s(x, y, width, height), bytes, data]);
}

export function tiles({ operations, ...picture }) {
  const head = pictureHead(40, picture);
  head.writeUInt16LE(operations.length, 36);
  return message(0x90, 0, Buffer.concat([head, ...operations]));
}

export function display({ width, height, scale_120, turns }) {
  const body = Buffer.alloc(8);
  body.writeUInt16LE(width, 0);
  body.writeUInt16LE(height, 2);
  body.writeUInt16LE(scale_120, 4);
  body.writeUInt8(turns, 6);
  return message(0x83, 0, body);
}

export const cursorShape = (shape) => message(0x84, 2, text(shape));

export function pong(ping_body) {
  const time = Buffer.alloc(8);
  time.writeBigUInt64LE(now_us());
  return message(0x86, 0, Buffer.concat([ping_body.subarray(0, 8), time]));
}

export function textInput(active, x, y) {
  const body = Buffer.alloc(20);
  body.writeUInt8(active ? 1 : 0, 0);
  body.writeInt32LE(x, 4);
  body.writeInt32LE(y, 8);
  body.writeInt32LE(2, 12);
  body.writeInt32LE(24, 16);
  return message(0x88, 0, body);
}

export function clipboardOffer(value) {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return message(0x8a, 0, Buffer.concat([length, bytes]));
}

/** The messages of one WebSocket message as {type, flags, body}. */
export function* messages(data) {
  for (let at = 0; at + 8 <= data.length; ) {
    const length = data.readUInt32LE(at + 4);
    yield { type: data[at], flags: data[at + 1], body: data.subarray(at + 8, at + 8 + length) };
    at += 8 + length;
  }
}
