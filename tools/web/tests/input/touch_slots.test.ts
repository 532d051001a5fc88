// Goal: ten fingers, each with one slot for as long as it is down. Method: takes and releases in odd orders.

import { expect, test } from 'vitest';
import { TouchSlots } from '../../src/input/touch_slots';

test('lowest free slot, known fingers keep theirs', () => {
  const slots = new TouchSlots();
  expect([slots.take(101), slots.take(102), slots.take(103)]).toEqual([0, 1, 2]);
  expect(slots.release(102)).toBe(1);
  expect(slots.find(103)).toBe(2);
  expect(slots.take(104)).toBe(1);
  expect(slots.take(104)).toBeNull();
});
test('the eleventh finger gets none, unknown ones release nothing', () => {
  const slots = new TouchSlots();
  for (let i = 0; i < 10; i++) slots.take(i);
  expect(slots.take(10)).toBeNull();
  expect(slots.release(10)).toBeNull();
  expect(slots.any).toBe(true);
  slots.clear();
  expect(slots.any).toBe(false);
  expect(slots.find(3)).toBeNull();
});
