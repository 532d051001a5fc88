// Messages from the page to the engine: each function returns one whole message, header included.
// Several of them laid end to end (see `join`) make one WebSocket message.

import { ByteWriter, utf8, utf8Prefix } from './bytes';
import {
  ClientType, kMaxClipboardBytes, kMaxTextBytes, kVersion, WireError,
  type PointerAction, type QualityMode, type TextKind, type TouchAction, type WheelUnit,
} from './protocol';

const kMaxClientNameBytes = 128;

function message(type: number, body: ByteWriter): Uint8Array<ArrayBuffer> {
  const data = body.take();
  return new ByteWriter().u8(type).u8(0).u16(0).u32(data.length).raw(data).take();
}

export function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export interface Hello {
  version_min?: number;
  version_max?: number;
  codecs: number;
  features: number;
  width_px: number;
  height_px: number;
  scale_120: number;
  max_fps: number;
  quality: QualityMode;
  layout: string;
  client: string;
}

export function hello(h: Hello): Uint8Array<ArrayBuffer> {
  return message(
    ClientType.Hello,
    new ByteWriter().u16(h.version_min ?? kVersion).u16(h.version_max ?? kVersion)
      .u32(h.codecs).u32(h.features).u16(h.width_px).u16(h.height_px).u16(h.scale_120).u8(h.max_fps).u8(h.quality).string(h.layout)
      .string(utf8Prefix(h.client, kMaxClientNameBytes)),
  );
}

export function resize(width_px: number, height_px: number, scale_120: number): Uint8Array<ArrayBuffer> {
  return message(ClientType.Resize, new ByteWriter().u16(width_px).u16(height_px).u16(scale_120).u16(0));
}

export function rotate(quarter_turns: number): Uint8Array<ArrayBuffer> {
  return message(ClientType.Rotate, new ByteWriter().u8(quarter_turns & 3).u8(0).u16(0));
}

export function quality(mode: QualityMode, max_fps: number, max_kbps: number): Uint8Array<ArrayBuffer> {
  return message(ClientType.Quality, new ByteWriter().u8(mode).u8(max_fps).u16(0).u32(max_kbps));
}

export interface Ack {
  sequence: number;
  decode_us: number;
  present_us: number;
  input_to_photon_us: number;
  queue: number;
  dropped: boolean;
}

export function ack(a: Ack): Uint8Array<ArrayBuffer> {
  const out = message(
    ClientType.Ack,
    new ByteWriter().u32(a.sequence).u32(a.decode_us).u32(a.dropped ? 0 : a.present_us)
      .u32(a.input_to_photon_us).u16(a.queue).u16(0),
  );
  out[1] = a.dropped ? 1 : 0;
  return out;
}

export function ping(client_time_us: number): Uint8Array<ArrayBuffer> {
  return message(ClientType.Ping, new ByteWriter().u64(client_time_us));
}

export function keyRequest(): Uint8Array<ArrayBuffer> {
  return message(ClientType.KeyRequest, new ByteWriter());
}

export function visibility(visible: boolean): Uint8Array<ArrayBuffer> {
  return message(ClientType.Visibility, new ByteWriter().u8(visible ? 1 : 0).u8(0).u16(0));
}

export interface Touch {
  input_sequence: number;
  action: TouchAction;
  slot: number;
  x: number;
  y: number;
}

export function touch(t: Touch): Uint8Array<ArrayBuffer> {
  return message(
    ClientType.Touch,
    new ByteWriter().u32(t.input_sequence).u8(t.action).u8(t.slot).u16(t.x).u16(t.y).u16(0),
  );
}

export interface Pointer {
  input_sequence: number;
  action: PointerAction;
  button: number;
  x: number;
  y: number;
}

export function pointer(p: Pointer): Uint8Array<ArrayBuffer> {
  return message(
    ClientType.Pointer,
    new ByteWriter().u32(p.input_sequence).u8(p.action).u8(p.button).u16(p.x).u16(p.y).u16(0),
  );
}

export interface Wheel {
  input_sequence: number;
  dx_256: number;
  dy_256: number;
  unit: WheelUnit;
}

export function wheel(w: Wheel): Uint8Array<ArrayBuffer> {
  return message(
    ClientType.Wheel,
    new ByteWriter().u32(w.input_sequence).i32(w.dx_256).i32(w.dy_256).u8(w.unit).u8(0).u16(0),
  );
}

export function key(input_sequence: number, evdev_code: number, down: boolean): Uint8Array<ArrayBuffer> {
  return message(
    ClientType.Key,
    new ByteWriter().u32(input_sequence).u16(evdev_code).u8(down ? 1 : 0).u8(0),
  );
}

export interface Text {
  input_sequence: number;
  kind: TextKind;
  cursor: number;
  text: string;
}

export function text(t: Text): Uint8Array<ArrayBuffer> {
  const body = utf8(t.text);
  if (body.length > kMaxTextBytes) throw new WireError(`TEXT.text: longer than ${kMaxTextBytes} bytes`);
  return message(
    ClientType.Text,
    new ByteWriter().u32(t.input_sequence).u8(t.kind).u8(0).u16(t.cursor).u16(body.length).raw(body),
  );
}

export function clipboard(content: string): Uint8Array<ArrayBuffer> {
  const body = utf8(content);
  if (body.length > kMaxClipboardBytes) throw new WireError('CLIPBOARD.bytes: longer than 1 MiB');
  return message(ClientType.Clipboard, new ByteWriter().u32(body.length).raw(body));
}
