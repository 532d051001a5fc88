// Names and numbers of the stream protocol, version 1. docs/wire_format.md is the source of all of them.

export const kVersion = 1;
export const kHeaderBytes = 8;
export const kSubProtocol = 'rackphone.v1';
export const kTicketPrefix = 'ticket.';

/** What this side accepts at most in one message; a key frame of 4096 × 4096 stays well below it. */
export const kMaxServerMessageBytes = 64 * 1024 * 1024;
export const kMaxClipboardBytes = 1024 * 1024;
export const kMaxTextBytes = 4096;
export const kMaxCursorSide = 256;
export const kMinSide = 64;
export const kMaxSide = 4096;
export const kTouchSlots = 10;
export const kMaxOperations = 1024;
export const kMaxTilePixels = 262_144;

export const ClientType = {
  Hello: 0x01,
  Resize: 0x02,
  Rotate: 0x03,
  Quality: 0x04,
  Ack: 0x05,
  Ping: 0x06,
  KeyRequest: 0x07,
  Visibility: 0x08,
  Touch: 0x10,
  Pointer: 0x11,
  Wheel: 0x12,
  Key: 0x13,
  Text: 0x14,
  Clipboard: 0x15,
} as const;

export const ServerType = {
  Welcome: 0x81,
  Video: 0x82,
  Display: 0x83,
  Cursor: 0x84,
  Pong: 0x86,
  Stats: 0x87,
  TextInput: 0x88,
  Notice: 0x89,
  Clipboard: 0x8a,
  Tiles: 0x90,
} as const;

export const Codec = { H264: 1 << 0, H264High444: 1 << 1, Vp9: 1 << 2, Av1: 1 << 3, Hevc: 1 << 4 } as const;

export const Feature = {
  LosslessTiles: 1 << 0,
  Audio: 1 << 1,
  Camera: 1 << 2,
  CursorImages: 1 << 3,
  Clipboard: 1 << 4,
  TouchScreen: 1 << 5,
  HardwareDecoder: 1 << 6,
} as const;

export const QualityMode = { Automatic: 0, Quality: 1, Speed: 2 } as const;
export type QualityMode = (typeof QualityMode)[keyof typeof QualityMode];

export const TouchAction = { Down: 0, Move: 1, Up: 2, CancelAll: 3 } as const;
export type TouchAction = (typeof TouchAction)[keyof typeof TouchAction];

export const PointerAction = { Move: 0, Down: 1, Up: 2, Leave: 3 } as const;
export type PointerAction = (typeof PointerAction)[keyof typeof PointerAction];

export const WheelUnit = { Continuous: 0, Notches: 1 } as const;
export type WheelUnit = (typeof WheelUnit)[keyof typeof WheelUnit];

export const TextKind = { Commit: 0, Preedit: 1 } as const;
export type TextKind = (typeof TextKind)[keyof typeof TextKind];

/** What one operation of TILES does, and how a tile's pixels are packed. */
export const OperationKind = { Copy: 1, Tile: 2 } as const;
export const TileEncoding = { Solid: 0, Palette: 1, Rgb: 2, Plain: 3 } as const;
export type TileEncoding = (typeof TileEncoding)[keyof typeof TileEncoding];

export const CloseCode = {
  Ended: 1000,
  GoingAway: 1001,
  TooBig: 1009,
  Protocol: 4400,
  Ticket: 4401,
  NoPhone: 4404,
  NoSign: 4408,
  TakenOver: 4409,
  NoVersion: 4426,
  TooMany: 4429,
  ServerFull: 4430,
} as const;

/** A message that breaks the protocol. The text names the message and the field. */
export class WireError extends Error {}
