// Which size the phone's display should have, and where a picture of another size lies meanwhile.
// All rectangles are in device pixels unless the name says CSS. Pure.

import { kMaxSide, kMinSide } from '../wire/protocol';

export type FitMode = 'phone' | 'fill';

export interface Size {
  width: number;
  height: number;
}

export interface Rect extends Size {
  x: number;
  y: number;
}

/** A phone's shape: 9 to 19, as most sold today have it. */
const kPhoneShort = 9;
const kPhoneLong = 19;
/** On a large monitor a phone taller than this reads as a poster, not as a phone. */
const kMaxPhoneLong_css = 900;

/** The box, in CSS pixels, that the phone takes inside `area`. `turns` odd means lying on its side. */
export function phoneBox(area: Size, mode: FitMode, turns: number): Size {
  const lying = (turns & 1) === 1;
  if (mode === 'fill') {
    // An upright window around a lying phone (or the reverse): the widest box of that orientation.
    const wide = area.width > area.height;
    if (!lying || wide) return { width: area.width, height: area.height };
    return { width: area.width, height: (area.width * area.width) / area.height };
  }
  const ratio = lying ? kPhoneLong / kPhoneShort : kPhoneShort / kPhoneLong;
  const limit: Size = lying
    ? { width: Math.min(area.width, kMaxPhoneLong_css), height: area.height }
    : { width: area.width, height: Math.min(area.height, kMaxPhoneLong_css) };
  const width = Math.min(limit.width, limit.height * ratio);
  return { width, height: width / ratio };
}

/** The display size to ask for, for a place of these device pixels: even sides (the encoder's chroma is
 *  halved), within the protocol's limits, the shape kept if a side has to shrink. */
export function displaySize(place: Size): Size {
  const shrink = Math.min(1, kMaxSide / place.width, kMaxSide / place.height);
  const side = (value: number) =>
    Math.min(kMaxSide, Math.max(kMinSide, Math.floor((value * shrink) / 2) * 2));
  return { width: side(place.width), height: side(place.height) };
}

/** Display scale × 120 for a screen density and the user's zoom; 0.5 to 4 is what toolkits can draw. */
export function scale120(device_pixel_ratio: number, zoom: number): number {
  return Math.min(480, Math.max(60, Math.round(device_pixel_ratio * zoom * 120)));
}

/** Where a picture goes in its place: centred, never stretched, and unscaled if it fits to the pixel. */
export function letterbox(picture: Size, place: Size): Rect {
  const slack_x = place.width - picture.width;
  const slack_y = place.height - picture.height;
  const exact = slack_x >= 0 && slack_x < 2 && slack_y >= 0 && slack_y < 2;
  const scale = exact ? 1 : Math.min(place.width / picture.width, place.height / picture.height);
  const width = Math.round(picture.width * scale);
  const height = Math.round(picture.height * scale);
  return {
    x: Math.floor((place.width - width) / 2), y: Math.floor((place.height - height) / 2), width, height,
  };
}

/** A position within `rect` as the protocol's 0–65535, clamped to the display's edge. */
export function toWire(position: number, start: number, length: number): number {
  if (length <= 0) return 0;
  return Math.round(Math.min(1, Math.max(0, (position - start) / length)) * 65535);
}
