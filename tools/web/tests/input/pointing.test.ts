// Goal: moves are merged without being overtaken, buttons and wheels mean what they did on the device.
// Method: a fake scheduler; events with the values browsers give.

import { describe, expect, test } from 'vitest';
import { MoveMerger, type Scheduler } from '../../src/input/moves';
import { buttonChanges } from '../../src/input/pointer';
import { textPieces } from '../../src/input/typing';
import { wheelStep } from '../../src/input/wheel';

class FakeScheduler implements Scheduler {
  time_ms = 0;
  readonly due: { at_ms: number; run: () => void }[] = [];
  now_ms() {
    return this.time_ms;
  }
  after(delay_ms: number, run: () => void) {
    this.due.push({ at_ms: this.time_ms + delay_ms, run });
  }
  advance(to_ms: number) {
    this.time_ms = to_ms;
    for (const task of this.due.splice(0)) {
      if (task.at_ms <= to_ms) task.run();
      else this.due.push(task);
    }
  }
}

describe('MoveMerger', () => {
  const make = () => {
    const scheduler = new FakeScheduler();
    const sent: string[][] = [];
    return { scheduler, sent, merger: new MoveMerger<string>(4, scheduler, (moves) => sent.push(moves)) };
  };
  test('the newest position of each finger, all fingers in one message', () => {
    const { scheduler, sent, merger } = make();
    merger.add(0, 'a1');
    merger.add(1, 'b1');
    merger.add(0, 'a2');
    expect(sent).toEqual([]);
    scheduler.advance(0);
    expect(sent).toEqual([['a2', 'b1']]);
  });
  test('no more often than the interval', () => {
    const { scheduler, sent, merger } = make();
    merger.add(0, 'a');
    scheduler.advance(0);
    merger.add(0, 'b');
    scheduler.advance(3);
    expect(sent).toEqual([['a']]);
    merger.add(0, 'c');
    scheduler.advance(4);
    expect(sent).toEqual([['a'], ['c']]);
  });
  test('a flush leaves nothing behind for the timer', () => {
    const { scheduler, sent, merger } = make();
    merger.add(0, 'a');
    merger.flush();
    scheduler.advance(10);
    expect(sent).toEqual([['a']]);
  });
});

test('buttons: what changed, releases first', () => {
  expect(buttonChanges(0, 1)).toEqual([{ button: 0, down: true }]);
  expect(buttonChanges(1, 2)).toEqual([{ button: 0, down: false }, { button: 2, down: true }]);
  expect(buttonChanges(4 | 8 | 16, 0).map((c) => c.button)).toEqual([1, 3, 4]);
  expect(buttonChanges(3, 3)).toEqual([]);
});

describe('wheel', () => {
  const notch = 120 * 256;
  test('a notch, as Chromium and as Firefox report it', () => {
    expect(wheelStep({ deltaX: 0, deltaY: 100, deltaMode: 0, wheelDeltaX: 0, wheelDeltaY: -120 }))
      .toEqual({ dx_256: 0, dy_256: notch, unit: 1 });
    expect(wheelStep({ deltaX: 0, deltaY: -3, deltaMode: 1 })).toEqual({ dx_256: 0, dy_256: -notch, unit: 1 });
  });
  test('a touchpad is continuous, also where its numbers look like notches', () => {
    expect(wheelStep({ deltaX: 1.5, deltaY: 4, deltaMode: 0, wheelDeltaX: -4, wheelDeltaY: -12 }))
      .toEqual({ dx_256: 384, dy_256: 1024, unit: 0 });
    expect(wheelStep({ deltaX: 0, deltaY: 40, deltaMode: 0, wheelDeltaX: 0, wheelDeltaY: -120 }).unit).toBe(0);
  });
  test('within the protocol’s range', () => {
    expect(wheelStep({ deltaX: 0, deltaY: 1e9, deltaMode: 0 }).dy_256).toBe(16_777_216);
  });
});

test('long text goes in pieces, without NUL, characters whole', () => {
  expect(textPieces('ab\0c', 2)).toEqual(['ab', 'c']);
  expect(textPieces('👋👋', 5)).toEqual(['👋', '👋']);
  expect(textPieces('')).toEqual([]);
});
