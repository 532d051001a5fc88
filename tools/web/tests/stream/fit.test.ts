// Goal: the phone takes the window's shape, nothing is stretched, sizes are what the protocol allows.
// Method: sizes in, sizes out, at usual windows and at the limits.

import { describe, expect, test } from 'vitest';
import { displaySize, letterbox, phoneBox, scale120, toWire } from '../../src/stream/fit';

describe('phoneBox', () => {
  test('fill takes the whole window', () => {
    expect(phoneBox({ width: 1280, height: 720 }, 'fill', 0)).toEqual({ width: 1280, height: 720 });
    expect(phoneBox({ width: 360, height: 740 }, 'fill', 0)).toEqual({ width: 360, height: 740 });
  });
  test('a phone on its side keeps its side in an upright window', () => {
    const box = phoneBox({ width: 360, height: 720 }, 'fill', 1);
    expect(box).toEqual({ width: 360, height: 180 });
  });
  test.each([[1280, 800], [3000, 2000], [320, 900]])('phone shape fits into %i × %i', (width, height) => {
    for (const turns of [0, 1, 2, 3]) {
      const box = phoneBox({ width, height }, 'phone', turns);
      expect(box.width).toBeLessThanOrEqual(width);
      expect(box.height).toBeLessThanOrEqual(Math.min(height, turns % 2 ? height : 900));
      const [short, long] = turns % 2 ? [box.height, box.width] : [box.width, box.height];
      expect(short / long).toBeCloseTo(9 / 19, 6);
    }
  });
});

describe('displaySize', () => {
  test('even sides', () => expect(displaySize({ width: 361, height: 741 })).toEqual({ width: 360, height: 740 }));
  test('within 64 and 4096, shape kept', () => {
    expect(displaySize({ width: 8192, height: 4096 })).toEqual({ width: 4096, height: 2048 });
    expect(displaySize({ width: 10, height: 300 })).toEqual({ width: 64, height: 300 });
  });
});

test('scale follows density and zoom, within what toolkits draw', () => {
  expect([scale120(1, 1), scale120(2.625, 1), scale120(1, 1.5), scale120(0.1, 1), scale120(9, 1)])
    .toEqual([120, 315, 180, 60, 480]);
});

describe('letterbox', () => {
  test('a picture of the canvas size fills it', () => {
    expect(letterbox({ width: 720, height: 1280 }, { width: 720, height: 1280 }))
      .toEqual({ x: 0, y: 0, width: 720, height: 1280 });
  });
  test('a pixel of difference is not scaled', () => {
    expect(letterbox({ width: 720, height: 1280 }, { width: 721, height: 1281 }))
      .toEqual({ x: 0, y: 0, width: 720, height: 1280 });
  });
  test('another shape is centred and keeps its own', () => {
    expect(letterbox({ width: 100, height: 200 }, { width: 400, height: 400 }))
      .toEqual({ x: 100, y: 0, width: 200, height: 400 });
    expect(letterbox({ width: 800, height: 200 }, { width: 400, height: 400 }))
      .toEqual({ x: 0, y: 150, width: 400, height: 100 });
  });
});

test('positions on the wire are clamped to the display', () => {
  expect([toWire(10, 10, 100), toWire(60, 10, 100), toWire(110, 10, 100), toWire(0, 10, 100), toWire(999, 10, 100)])
    .toEqual([0, 32768, 65535, 0, 65535]);
  expect(toWire(5, 0, 0)).toBe(0);
});
