// Fingers, pens, mouse and wheel on the phone's picture, as TOUCH, POINTER and WHEEL messages.

import { toWire } from '../stream/fit';
import * as out from '../wire/client_messages';
import { PointerAction, TouchAction } from '../wire/protocol';
import { MoveMerger, TaskScheduler } from './moves';
import type { InputSink, PictureOnPage } from './sink';
import { TouchSlots } from './touch_slots';
import { wheelStep } from './wheel';

/** Faster than any screen refreshes; slower than gaming mice report. */
const kMoveInterval_ms = 4;
const kMouseKey = -1;

/** PointerEvent.buttons bit → the protocol's button number. */
const buttons: readonly (readonly [number, number])[] = [[1, 0], [4, 1], [2, 2], [8, 3], [16, 4]];

/** What changed between two values of PointerEvent.buttons; releases first. */
export function buttonChanges(before: number, after: number): { button: number; down: boolean }[] {
  const changed = buttons.filter(([bit]) => ((before ^ after) & bit) !== 0);
  const changes = changed.map(([bit, button]) => ({ button, down: (after & bit) !== 0 }));
  return changes.sort((a, b) => Number(a.down) - Number(b.down));
}

interface Move {
  time_ms: number;
  slot: number | null;
  x: number;
  y: number;
}

export class PointerInput {
  mouse_as_touch = false;

  private readonly slots = new TouchSlots();
  private readonly scheduler = new TaskScheduler();
  private readonly moves = new MoveMerger<Move>(kMoveInterval_ms, this.scheduler, (m) => this.emit(m));
  private readonly stopper = new AbortController();
  private held = 0;

  constructor(
    private readonly area: HTMLElement,
    private readonly picture: PictureOnPage,
    private readonly sink: InputSink,
  ) {
    const options = { signal: this.stopper.signal };
    area.addEventListener('pointerdown', (e) => this.down(e), options);
    // Raw updates come as the device reports them; plain moves wait for the next screen refresh.
    const move = 'onpointerrawupdate' in window ? 'pointerrawupdate' : 'pointermove';
    area.addEventListener(move, (e) => this.move(e as PointerEvent), options);
    // Further mouse buttons while one is held arrive as moves, not as downs and ups.
    area.addEventListener('pointermove', (e) => this.chord(e), options);
    area.addEventListener('pointerup', (e) => this.up(e), options);
    area.addEventListener('pointercancel', (e) => this.cancel(e), options);
    area.addEventListener('pointerleave', (e) => this.leave(e), options);
    area.addEventListener('wheel', (e) => this.wheel(e), { ...options, passive: false });
    area.addEventListener('contextmenu', (e) => e.preventDefault(), options);
    // The typing field keeps the focus whatever is pressed.
    area.addEventListener('mousedown', (e) => e.preventDefault(), options);
    area.addEventListener('touchstart', (e) => e.preventDefault(), { ...options, passive: false });
  }

  /** Lifts every finger and button: the page lost the focus. */
  release(): void {
    this.moves.clear();
    if (this.slots.any) this.cancelTouches(performance.now());
    this.buttonsTo(0, performance.now(), 0, 0);
  }
  close(): void {
    this.stopper.abort();
    this.scheduler.close();
  }

  private at(event: MouseEvent): { x: number; y: number } | null {
    const rect = this.picture();
    if (!rect) return null;
    return { x: toWire(event.clientX, rect.x, rect.width), y: toWire(event.clientY, rect.y, rect.height) };
  }

  private isTouch(event: PointerEvent): boolean {
    return event.pointerType !== 'mouse' || this.mouse_as_touch;
  }

  private down(event: PointerEvent): void {
    const at = this.at(event);
    if (!at) return;
    event.preventDefault();
    this.area.setPointerCapture(event.pointerId);
    this.moves.flush();
    if (!this.isTouch(event)) {
      this.buttonsTo(event.buttons, event.timeStamp, at.x, at.y);
      return;
    }
    const slot = this.slots.take(event.pointerId);
    if (slot !== null) this.touch(TouchAction.Down, slot, event.timeStamp, at.x, at.y);
  }

  private move(event: PointerEvent): void {
    const at = this.at(event);
    if (!at) return;
    if (!this.isTouch(event)) {
      this.moves.add(kMouseKey, { time_ms: event.timeStamp, slot: null, ...at });
      return;
    }
    const slot = this.slots.find(event.pointerId);
    if (slot !== null) this.moves.add(slot, { time_ms: event.timeStamp, slot, ...at });
  }

  private chord(event: PointerEvent): void {
    if (this.isTouch(event) || event.buttons === this.held || this.held === 0) return;
    const at = this.at(event);
    if (!at) return;
    this.moves.flush();
    this.buttonsTo(event.buttons, event.timeStamp, at.x, at.y);
  }

  private up(event: PointerEvent): void {
    const at = this.at(event);
    if (!at) return;
    this.moves.flush();
    if (!this.isTouch(event)) {
      this.buttonsTo(event.buttons, event.timeStamp, at.x, at.y);
      return;
    }
    const slot = this.slots.release(event.pointerId);
    if (slot !== null) this.touch(TouchAction.Up, slot, event.timeStamp, at.x, at.y);
  }

  /** The system took the gesture over or saw a palm. wl_touch can only cancel the whole gesture. */
  private cancel(event: PointerEvent): void {
    if (this.isTouch(event) && this.slots.find(event.pointerId) !== null) this.cancelTouches(event.timeStamp);
  }

  private leave(event: PointerEvent): void {
    if (this.isTouch(event) || this.held !== 0) return;
    const at = this.at(event);
    if (!at) return;
    this.moves.flush();
    this.pointer(PointerAction.Leave, 0, event.timeStamp, at.x, at.y);
  }

  private wheel(event: WheelEvent): void {
    event.preventDefault();
    if (!this.picture()) return;
    this.moves.flush();
    this.sink.send(out.wheel({ input_sequence: this.sink.issue(event.timeStamp), ...wheelStep(event) }));
  }

  private emit(moves: Move[]): void {
    const messages = moves.map(({ time_ms, slot, x, y }) => {
      const input_sequence = this.sink.issue(time_ms);
      return slot === null
        ? out.pointer({ input_sequence, action: PointerAction.Move, button: 0, x, y })
        : out.touch({ input_sequence, action: TouchAction.Move, slot, x, y });
    });
    this.sink.send(...messages);
  }

  private buttonsTo(after: number, time_ms: number, x: number, y: number): void {
    for (const { button, down } of buttonChanges(this.held, after)) {
      this.pointer(down ? PointerAction.Down : PointerAction.Up, button, time_ms, x, y);
    }
    this.held = after;
  }

  private cancelTouches(time_ms: number): void {
    this.slots.clear();
    this.moves.clear();
    this.touch(TouchAction.CancelAll, 0, time_ms, 0, 0);
  }

  private touch(action: TouchAction, slot: number, time_ms: number, x: number, y: number): void {
    this.sink.send(out.touch({ input_sequence: this.sink.issue(time_ms), action, slot, x, y }));
  }
  private pointer(action: PointerAction, button: number, time_ms: number, x: number, y: number): void {
    this.sink.send(out.pointer({ input_sequence: this.sink.issue(time_ms), action, button, x, y }));
  }
}
