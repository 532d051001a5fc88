// Goal: the decoder is told the codec that the stream really has. Method: access units by hand.

import { expect, test } from 'vitest';
import { codecFromAccessUnit } from '../../src/stream/sps';

test('profile, constraints and level from the SPS, after either start code', () => {
  expect(codecFromAccessUnit(new Uint8Array([0, 0, 0, 1, 0x67, 0x42, 0xc0, 0x1f, 0x8c]))).toBe('avc1.42C01F');
  expect(codecFromAccessUnit(new Uint8Array([0, 0, 0, 1, 9, 0xf0, 0, 0, 1, 0x27, 0x4d, 0x40, 0x28, 1])))
    .toBe('avc1.4D4028');
});
test('none without an SPS, or with one cut short', () => {
  expect(codecFromAccessUnit(new Uint8Array([0, 0, 0, 1, 0x41, 0x9a, 1, 2, 3]))).toBeNull();
  expect(codecFromAccessUnit(new Uint8Array([0, 0, 1, 0x67, 0x42]))).toBeNull();
});
