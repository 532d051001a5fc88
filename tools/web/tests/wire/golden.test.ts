// Goal: page and engine agree on every byte. Method: each golden file that the engine's tests use is
// encoded (client messages) or decoded (server messages) here; a file of unknown type fails the test.

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import * as out from '../../src/wire/client_messages';
import { decodeServerMessages, type ServerMessage } from '../../src/wire/server_messages';

interface Golden {
  message: string;
  flags: number;
  fields: Record<string, any>;
  hex: string;
}

const folder = fileURLToPath(new URL('../../../../tests/unit/engine/wire/golden/', import.meta.url));
const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
const load = (name: string) => JSON.parse(readFileSync(folder + name, 'utf8')) as Golden;
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));

const encoders: Record<string, (f: Golden['fields'], flags: number) => Uint8Array> = {
  HELLO: (f) => out.hello(f as out.Hello),
  RESIZE: (f) => out.resize(f.width_px, f.height_px, f.scale_120),
  ROTATE: (f) => out.rotate(f.quarter_turns),
  QUALITY: (f) => out.quality(f.mode, f.max_fps, f.max_kbps),
  ACK: (f, flags) => out.ack({ ...(f as out.Ack), dropped: (flags & 1) === 1 }),
  PING: (f) => out.ping(f.client_time_us),
  KEY_REQUEST: () => out.keyRequest(),
  VISIBILITY: (f) => out.visibility(f.visible === 1),
  TOUCH: (f) => out.touch(f as out.Touch),
  POINTER: (f) => out.pointer(f as out.Pointer),
  WHEEL: (f) => out.wheel(f as out.Wheel),
  KEY: (f) => out.key(f.input_sequence, f.evdev_code, f.action === 1),
  TEXT: (f) => out.text(f as out.Text),
  CLIPBOARD: (f) => out.clipboard(f.text),
};

/** What the decoded message adds to the golden fields, or names differently. */
function expected(golden: Golden): Record<string, unknown> {
  const { message, flags, fields } = golden;
  const type = message.toLowerCase();
  switch (message) {
    case 'VIDEO':
      return {
        type, ...fields, key: !!(flags & 1), dropped_before: !!(flags & 2), at_rest: !!(flags & 4),
        data: bytes(fields.data),
      };
    case 'TILES':
      return {
        type, ...fields, dropped_before: !!(flags & 2), at_rest: !!(flags & 4),
        operations: fields.operations.map((o: any) => (o.data ? { ...o, data: bytes(o.data) } : o)),
      };
    case 'CURSOR': {
      const none = { shape: null, width_px: 0, height_px: 0, hotspot_x: 0, hotspot_y: 0, rgba: null };
      const image = fields.rgba ? { rgba: bytes(fields.rgba) } : {};
      return { type, hidden: !!(flags & 1), ...none, ...fields, ...image };
    }
    case 'TEXT_INPUT':
      return { type, ...fields, active: fields.active === 1 };
    default:
      return { type, ...fields };
  }
}

describe('golden bytes', () => {
  test('there are files for every client message', () => {
    const names = new Set(files.map((name) => load(name).message));
    expect([...Object.keys(encoders)].filter((name) => !names.has(name))).toEqual([]);
  });

  for (const name of files) {
    const golden = load(name);
    const to_server = parseInt(golden.hex.slice(0, 2), 16) < 0x80;
    test(name, () => {
      if (to_server) {
        const encode = encoders[golden.message];
        expect(encode, `no encoder for ${golden.message}`).toBeDefined();
        expect(hex(encode!(golden.fields, golden.flags))).toBe(golden.hex);
        return;
      }
      const messages = decodeServerMessages(bytes(golden.hex)) as ServerMessage[];
      expect(messages).toHaveLength(1);
      expect(messages[0]).toEqual(expected(golden));
    });
  }
});

describe('hostile bytes', () => {
  test('every truncation of every server message is refused, never read past', () => {
    for (const name of files) {
      const whole = bytes(load(name).hex);
      if (whole[0]! < 0x80) continue;
      for (let length = 1; length < whole.length; length++) {
        expect(() => decodeServerMessages(whole.slice(0, length))).toThrow();
        // The same cut with a header that admits it: the body is too short for its fields.
        if (length < 8) continue;
        const cut = whole.slice(0, length);
        new DataView(cut.buffer).setUint32(4, length - 8, true);
        const is_video_data = whole[0] === 0x82 && length >= 8 + 56;
        if (!is_video_data) expect(() => decodeServerMessages(cut)).toThrow(/^[A-Z_]+\.[a-z_0-9]+: /);
      }
    }
  });
  test('longer bodies, unknown types and other streams are passed over', () => {
    const display = bytes(load('display.json').hex);
    const longer = new Uint8Array([...display, 9, 9]);
    new DataView(longer.buffer).setUint32(4, display.length - 8 + 2, true);
    const unknown = new Uint8Array([0x9f, 0, 0, 0, 2, 0, 0, 0, 7, 7]);
    const other_stream = display.slice();
    other_stream[2] = 16;
    const all = out.join([unknown, longer, other_stream, display]);
    expect(decodeServerMessages(all).map((m) => m.type)).toEqual(['display', 'display']);
  });
  test('a body length beyond the message is refused', () => {
    expect(() => decodeServerMessages(new Uint8Array([0x86, 0, 0, 0, 255, 255, 255, 255]))).toThrow('body_bytes');
  });
  test('text that is not UTF-8 is refused', () => {
    expect(() => decodeServerMessages(new Uint8Array([0x8a, 0, 0, 0, 5, 0, 0, 0, 1, 0, 0, 0, 0xff])))
      .toThrow('CLIPBOARD.text');
  });
});
