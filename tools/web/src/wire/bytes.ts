// Little-endian reading and writing with bounds. A read past the end is a WireError that names the field.

import { WireError } from './protocol';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** The longest prefix of `text` that takes at most `max_bytes` of UTF-8, never cutting a character. */
export function utf8Prefix(text: string, max_bytes: number): string {
  const bytes = encoder.encode(text);
  if (bytes.length <= max_bytes) return text;
  let end = max_bytes;
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--;
  return decoder.decode(bytes.subarray(0, end));
}

export class ByteWriter {
  private bytes = new Uint8Array(64);
  private view = new DataView(this.bytes.buffer);
  private length = 0;

  u8(value: number): this {
    const at = this.grow(1);
    this.view.setUint8(at, value);
    return this;
  }
  u16(value: number): this {
    const at = this.grow(2);
    this.view.setUint16(at, value, true);
    return this;
  }
  u32(value: number): this {
    const at = this.grow(4);
    this.view.setUint32(at, value, true);
    return this;
  }
  i32(value: number): this {
    const at = this.grow(4);
    this.view.setInt32(at, value, true);
    return this;
  }
  /** Exact up to 2^53, which is 285 years of microseconds. */
  u64(value: number): this {
    const at = this.grow(8);
    this.view.setUint32(at, value % 2 ** 32, true);
    this.view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
    return this;
  }
  raw(data: Uint8Array): this {
    const at = this.grow(data.length);
    this.bytes.set(data, at);
    return this;
  }
  string(text: string): this {
    const data = utf8(text);
    if (data.length > 0xffff) throw new WireError('string: longer than 65535 bytes');
    return this.u16(data.length).raw(data);
  }
  take(): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(0, this.length);
  }

  /** Call it before naming `bytes` or `view`: it may replace both. */
  private grow(count: number): number {
    const at = this.length;
    this.length += count;
    if (this.length > this.bytes.length) {
      const bigger = new Uint8Array(Math.max(this.length, this.bytes.length * 2));
      bigger.set(this.bytes);
      this.bytes = bigger;
      this.view = new DataView(bigger.buffer);
    }
    return at;
  }
}

export class ByteReader {
  private at = 0;
  private readonly view: DataView;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly message: string,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u8(field: string): number {
    return this.view.getUint8(this.need(1, field));
  }
  u16(field: string): number {
    return this.view.getUint16(this.need(2, field), true);
  }
  i16(field: string): number {
    return this.view.getInt16(this.need(2, field), true);
  }
  u32(field: string): number {
    return this.view.getUint32(this.need(4, field), true);
  }
  i32(field: string): number {
    return this.view.getInt32(this.need(4, field), true);
  }
  u64(field: string): number {
    const at = this.need(8, field);
    return this.view.getUint32(at, true) + this.view.getUint32(at + 4, true) * 2 ** 32;
  }
  skip(count: number, field: string): void {
    this.need(count, field);
  }
  raw(count: number, field: string): Uint8Array {
    const at = this.need(count, field);
    return this.bytes.subarray(at, at + count);
  }
  rest(): Uint8Array {
    const at = this.at;
    this.at = this.bytes.length;
    return this.bytes.subarray(at);
  }
  text(count: number, field: string): string {
    const data = this.raw(count, field);
    try {
      return decoder.decode(data);
    } catch {
      throw new WireError(`${this.message}.${field}: not UTF-8`);
    }
  }
  string(field: string): string {
    return this.text(this.u16(field), field);
  }

  private need(count: number, field: string): number {
    const at = this.at;
    if (at + count > this.bytes.length) throw new WireError(`${this.message}.${field}: body too short`);
    this.at = at + count;
    return at;
  }
}
