// Messages from the engine to the page, read from the bytes of one WebSocket message.
// Unknown types are skipped; a body that is too short or breaks a limit is a WireError.

import { ByteReader } from './bytes';
import {
  kHeaderBytes, kMaxClipboardBytes, kMaxCursorSide, kMaxServerMessageBytes, ServerType, WireError,
} from './protocol';
import { decodeTiles, decodeVideo, type Tiles, type Video } from './pictures';

export interface Welcome {
  type: 'welcome';
  version: number;
  codec: number;
  features: number;
  server_time_us: number;
  phone: string;
  session: string;
}

export interface Display {
  type: 'display';
  width_px: number;
  height_px: number;
  scale_120: number;
  quarter_turns: number;
}

export interface Cursor {
  type: 'cursor';
  hidden: boolean;
  shape: string | null;
  width_px: number;
  height_px: number;
  hotspot_x: number;
  hotspot_y: number;
  rgba: Uint8Array | null;
}

export interface Pong {
  type: 'pong';
  client_time_us: number;
  server_time_us: number;
}

export interface Stats {
  type: 'stats';
  bitrate_kbps: number;
  link_kbps: number;
  rtt_us: number;
  dropped: number;
  fps_100: number;
}

export interface TextInput {
  type: 'text_input';
  active: boolean;
  purpose: number;
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Notice {
  type: 'notice';
  level: number;
  code: string;
  text: string;
}

export interface ClipboardOffer {
  type: 'clipboard';
  text: string;
}

export type ServerMessage =
  | Welcome | Video | Tiles | Display | Cursor | Pong | Stats | TextInput | Notice | ClipboardOffer;

/** All messages of known types in `bytes`, in order. Bodies are views of `bytes`, not copies. */
export function decodeServerMessages(bytes: Uint8Array): ServerMessage[] {
  const messages: ServerMessage[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (bytes.length - at < kHeaderBytes) throw new WireError('header: message too short');
    const header = new DataView(bytes.buffer, bytes.byteOffset + at, kHeaderBytes);
    const body_bytes = header.getUint32(4, true);
    if (body_bytes > kMaxServerMessageBytes) throw new WireError('header.body_bytes: too large');
    const start = at + kHeaderBytes;
    if (start + body_bytes > bytes.length) throw new WireError('header.body_bytes: beyond the message');
    const decode = decoders[header.getUint8(0)];
    // Only the phone's own screen is known to this version; other streams are skipped like unknown types.
    if (decode && header.getUint16(2, true) === 0) {
      messages.push(decode(bytes.subarray(start, start + body_bytes), header.getUint8(1)));
    }
    at = start + body_bytes;
  }
  return messages;
}

type Decoder = (body: Uint8Array, flags: number) => ServerMessage;

const decoders: Record<number, Decoder> = {
  [ServerType.Welcome]: (body) => {
    const r = new ByteReader(body, 'WELCOME');
    return {
      type: 'welcome', version: r.u16('version'), codec: r.u16('codec'), features: r.u32('features'),
      server_time_us: r.u64('server_time_us'), phone: r.string('phone'), session: r.string('session'),
    };
  },
  [ServerType.Video]: decodeVideo,
  [ServerType.Tiles]: decodeTiles,
  [ServerType.Display]: (body) => {
    const r = new ByteReader(body, 'DISPLAY');
    const display: Display = {
      type: 'display', width_px: r.u16('width_px'), height_px: r.u16('height_px'),
      scale_120: r.u16('scale_120'), quarter_turns: r.u8('quarter_turns'),
    };
    r.skip(1, 'reserved');
    if (display.width_px === 0 || display.height_px === 0) throw new WireError('DISPLAY.width_px: zero');
    if (display.quarter_turns > 3) throw new WireError('DISPLAY.quarter_turns: above 3');
    return display;
  },
  [ServerType.Cursor]: decodeCursor,
  [ServerType.Pong]: (body) => {
    const r = new ByteReader(body, 'PONG');
    return { type: 'pong', client_time_us: r.u64('client_time_us'), server_time_us: r.u64('server_time_us') };
  },
  [ServerType.Stats]: (body) => {
    const r = new ByteReader(body, 'STATS');
    const stats: Stats = {
      type: 'stats', bitrate_kbps: r.u32('bitrate_kbps'), link_kbps: r.u32('link_kbps'),
      rtt_us: r.u32('rtt_us'), dropped: r.u32('dropped'), fps_100: r.u16('fps_100'),
    };
    r.skip(2, 'reserved');
    return stats;
  },
  [ServerType.TextInput]: (body) => {
    const r = new ByteReader(body, 'TEXT_INPUT');
    const active = r.u8('active') !== 0;
    const purpose = r.u8('purpose');
    r.skip(2, 'reserved');
    return {
      type: 'text_input', active, purpose,
      x: r.i32('x'), y: r.i32('y'), width: r.i32('width'), height: r.i32('height'),
    };
  },
  [ServerType.Notice]: (body) => {
    const r = new ByteReader(body, 'NOTICE');
    const level = r.u8('level');
    r.skip(3, 'reserved');
    return { type: 'notice', level, code: r.string('code'), text: r.string('text') };
  },
  [ServerType.Clipboard]: (body) => {
    const r = new ByteReader(body, 'CLIPBOARD');
    const count = r.u32('bytes');
    if (count > kMaxClipboardBytes) throw new WireError('CLIPBOARD.bytes: longer than 1 MiB');
    return { type: 'clipboard', text: r.text(count, 'text') };
  },
};

function decodeCursor(body: Uint8Array, flags: number): Cursor {
  const none = { width_px: 0, height_px: 0, hotspot_x: 0, hotspot_y: 0, rgba: null };
  if (flags & 1) return { type: 'cursor', hidden: true, shape: null, ...none };
  const r = new ByteReader(body, 'CURSOR');
  if (flags & 2) return { type: 'cursor', hidden: false, shape: r.string('shape'), ...none };
  const width_px = r.u16('width_px');
  const height_px = r.u16('height_px');
  if (width_px < 1 || width_px > kMaxCursorSide) throw new WireError('CURSOR.width_px: not 1 to 256');
  if (height_px < 1 || height_px > kMaxCursorSide) throw new WireError('CURSOR.height_px: not 1 to 256');
  return {
    type: 'cursor', hidden: false, shape: null, width_px, height_px,
    hotspot_x: r.i16('hotspot_x'), hotspot_y: r.i16('hotspot_y'),
    rgba: r.raw(width_px * height_px * 4, 'rgba'),
  };
}
