// What a WheelEvent means on the wire: notches of a mouse wheel or the smooth motion of a touchpad. Pure.

import { WheelUnit } from '../wire/protocol';

export interface WheelLike {
  deltaX: number;
  deltaY: number;
  deltaMode: number;
  wheelDeltaX?: number;
  wheelDeltaY?: number;
}

export interface WheelStep {
  dx_256: number;
  dy_256: number;
  unit: WheelUnit;
}

const kLine_css = 16;
const kPage_css = 400;
const kLinesPerNotch = 3;
const kNotch = 120;
const kMax_256 = 16_777_216;

export function wheelStep(event: WheelLike): WheelStep {
  const notch_x = notches(event.deltaX, event.deltaMode, event.wheelDeltaX);
  const notch_y = notches(event.deltaY, event.deltaMode, event.wheelDeltaY);
  if (notch_x !== null && notch_y !== null) {
    return { dx_256: to256(notch_x * kNotch), dy_256: to256(notch_y * kNotch), unit: WheelUnit.Notches };
  }
  const unit = event.deltaMode === 1 ? kLine_css : event.deltaMode === 2 ? kPage_css : 1;
  return { dx_256: to256(event.deltaX * unit), dy_256: to256(event.deltaY * unit), unit: WheelUnit.Continuous };
}

/** Notches along one axis, or null if this is no notched wheel. Browsers say so in the older wheelDelta:
 *  whole multiples of 120, where a touchpad gives exactly three times its (negated) pixels. */
function notches(delta: number, mode: number, wheel_delta: number | undefined): number | null {
  if (delta === 0) return 0;
  if (mode === 1) return delta / kLinesPerNotch;
  if (wheel_delta === undefined || wheel_delta === 0 || wheel_delta % kNotch !== 0) return null;
  return wheel_delta === -3 * delta ? null : -wheel_delta / kNotch;
}

function to256(value: number): number {
  return Math.min(kMax_256, Math.max(-kMax_256, Math.round(value * 256))) + 0;
}
