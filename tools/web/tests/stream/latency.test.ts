// Goal: the latency figures are what they say. Method: fixed times in, figures out.

import { describe, expect, test } from 'vitest';
import { InputClock, Rate, Samples } from '../../src/stream/latency';
import { rateOf } from '../../src/stream/refresh';

describe('Samples', () => {
  test('nearest-rank percentiles', () => {
    const samples = new Samples(100);
    for (let i = 100; i >= 1; i--) samples.add(i);
    expect([0.5, 0.95, 1, 0].map((f) => samples.percentile(f))).toEqual([50, 95, 100, 1]);
  });
  test('only the newest count', () => {
    const samples = new Samples(3);
    [100, 1, 2, 3].forEach((v) => samples.add(v));
    expect(samples.percentile(1)).toBe(3);
    expect(samples.count).toBe(3);
  });
  test('nothing is null, not zero', () => expect(new Samples(3).percentile(0.5)).toBeNull());
});

describe('InputClock', () => {
  test('measures each input once, at the first frame that answers it', () => {
    const clock = new InputClock();
    const first = clock.issue(1000);
    const second = clock.issue(1010);
    expect(second).toBe(first + 1);
    expect(clock.drawn(0, 1020)).toBeNull();
    expect(clock.drawn(second, 1050)).toBe(40);
    expect(clock.drawn(second, 1066)).toBeNull();
  });
  test('inputs older than the answered one are not measured later', () => {
    const clock = new InputClock();
    const first = clock.issue(0);
    const second = clock.issue(5);
    expect(clock.drawn(second, 20)).toBe(15);
    expect(clock.drawn(first, 30)).toBeNull();
  });
  test('unknown sequences, and those of before a reconnect, give nothing', () => {
    const clock = new InputClock();
    const sequence = clock.issue(0);
    expect(clock.drawn(sequence + 5, 10)).toBeNull();
    clock.reset();
    expect(clock.drawn(sequence, 10)).toBeNull();
  });
  test('numbers go on after a reconnect, and memory is bounded', () => {
    const clock = new InputClock(4);
    const first = clock.issue(0);
    for (let i = 1; i <= 4; i++) clock.issue(i);
    expect(clock.drawn(first, 10)).toBeNull();
    clock.reset();
    expect(clock.issue(6)).toBe(first + 5);
  });
});

test('Rate counts the last second only', () => {
  const rate = new Rate();
  rate.add(0, 100);
  rate.add(500, 10);
  rate.add(999, 1);
  expect(rate.per_second(999)).toEqual({ count: 3, size: 111 });
  expect(rate.per_second(1000)).toEqual({ count: 2, size: 11 });
});

test('the refresh rate is the median step, within the protocol', () => {
  expect(rateOf([0, 16.7, 33.3, 50, 90, 106.7])).toBe(60);
  expect(rateOf([0, 8.3, 16.7, 25])).toBe(120);
  expect(rateOf([0, 1, 2, 3])).toBe(240);
  expect(rateOf([0])).toBe(60);
});
