// The phone's pointer as a CSS cursor value.

import type { Cursor } from '../wire/server_messages';

/** Names of CSS Basic User Interface 4; anything else from the wire is not put into a style. */
const shapes = new Set((
  'default none context-menu help pointer progress wait cell crosshair text vertical-text alias copy move ' +
  'no-drop not-allowed grab grabbing all-scroll col-resize row-resize n-resize e-resize s-resize w-resize ' +
  'ne-resize nw-resize se-resize sw-resize ew-resize ns-resize nesw-resize nwse-resize zoom-in zoom-out'
).split(' '));
/** Browsers refuse larger cursors. */
const kMaxSide_css = 128;

export function cssCursor(cursor: Cursor, device_pixel_ratio: number): string {
  if (cursor.hidden) return 'none';
  if (!cursor.rgba) return cursor.shape && shapes.has(cursor.shape) ? cursor.shape : 'default';
  const { width_px, height_px } = cursor;
  const density = Math.max(device_pixel_ratio, width_px / kMaxSide_css, height_px / kMaxSide_css);
  const canvas = document.createElement('canvas');
  canvas.width = width_px;
  canvas.height = height_px;
  const pixels = new ImageData(new Uint8ClampedArray(cursor.rgba), width_px, height_px);
  canvas.getContext('2d')?.putImageData(pixels, 0, 0);
  const hot = (value: number, side: number) =>
    Math.floor(Math.min(side - 1, Math.max(0, value)) / density);
  const image = `image-set(url("${canvas.toDataURL()}") ${density}x)`;
  return `${image} ${hot(cursor.hotspot_x, width_px)} ${hot(cursor.hotspot_y, height_px)}, default`;
}
