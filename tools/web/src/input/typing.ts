// Typing: owns the hidden text field that has the focus while the phone is used. Physical keys become KEY
// messages; what input methods, on-screen keyboards and dead keys produce becomes TEXT.

import * as out from '../wire/client_messages';
import { utf8, utf8Prefix } from '../wire/bytes';
import { kMaxTextBytes, TextKind } from '../wire/protocol';
import type { KeyboardState, KeyDecision, KeyStep } from './keyboard';
import { Evdev } from './keymap';
import type { InputSink } from './sink';

/** In the field at all times, so that an on-screen keyboard's backspace has something to delete. */
const kFiller = '\u200b\u200b';
/** A paste event follows its key press within one task; longer means that the clipboard has no text. */
const kPasteWait_ms = 60;

export interface TypingEvents {
  on_paste(text: string): void;
  on_leave(): void;
}

/** `text` in pieces of at most `max_bytes` of UTF-8, without the NUL that the protocol does not carry. */
export function textPieces(text: string, max_bytes = kMaxTextBytes): string[] {
  const pieces: string[] = [];
  let rest = text.replaceAll('\0', '');
  while (rest.length > 0) {
    const piece = utf8Prefix(rest, max_bytes);
    pieces.push(piece);
    rest = rest.slice(piece.length);
  }
  return pieces;
}

export class TypingInput {
  private readonly stopper = new AbortController();
  private composing = false;
  private paste_timer: ReturnType<typeof setTimeout> | undefined;
  private paste_pending = false;

  constructor(
    private readonly field: HTMLTextAreaElement,
    private readonly keyboard: KeyboardState,
    private readonly sink: InputSink,
    private readonly events: TypingEvents,
  ) {
    const options = { signal: this.stopper.signal };
    field.value = kFiller;
    field.addEventListener('keydown', (e) => this.decide(this.keyboard.down(e), e), options);
    field.addEventListener('keyup', (e) => this.decide(this.keyboard.up(e), e), options);
    field.addEventListener('compositionstart', () => (this.composing = true), options);
    field.addEventListener('compositionupdate', (e) => this.preedit(e.data), options);
    field.addEventListener('compositionend', (e) => this.composed(e.data), options);
    field.addEventListener('input', (e) => this.input(e as InputEvent), options);
    field.addEventListener('paste', (e) => this.paste(e), options);
    field.addEventListener('blur', () => this.release(), options);
  }

  release(): void {
    this.sendKeys(this.keyboard.releaseAll(), performance.now());
    if (this.composing) this.composed('');
  }
  close(): void {
    clearTimeout(this.paste_timer);
    this.stopper.abort();
  }

  private decide(decision: KeyDecision, event: KeyboardEvent): void {
    if (decision.act === 'browser') return;
    if (decision.act === 'paste') {
      this.paste_pending = true;
      clearTimeout(this.paste_timer);
      this.paste_timer = setTimeout(() => this.finishPaste(), kPasteWait_ms);
      return;
    }
    event.preventDefault();
    if (decision.act === 'leave') this.events.on_leave();
    if (decision.act === 'text') this.commit(decision.text, event.timeStamp);
    if (decision.act === 'keys') this.sendKeys(decision.keys, event.timeStamp);
  }

  private preedit(text: string): void {
    const clean = utf8Prefix(text.replaceAll('\0', ''), kMaxTextBytes);
    this.sink.send(out.text({
      input_sequence: this.sink.issue(performance.now()), kind: TextKind.Preedit,
      cursor: utf8(clean).length, text: clean,
    }));
  }

  private composed(text: string): void {
    this.composing = false;
    if (text) this.commit(text, performance.now());
    else this.preedit('');
    this.refill();
  }

  private input(event: InputEvent): void {
    if (this.composing || event.isComposing) return;
    switch (event.inputType) {
      case 'insertText':
      case 'insertReplacementText':
        if (event.data) this.commit(event.data, event.timeStamp);
        break;
      case 'insertLineBreak':
      case 'insertParagraph':
        this.tap(Evdev.Enter, event.timeStamp);
        break;
      case 'deleteContentBackward':
      case 'deleteWordBackward':
        this.tap(Evdev.Backspace, event.timeStamp);
        break;
      case 'deleteContentForward':
        this.tap(Evdev.Delete, event.timeStamp);
        break;
    }
    this.refill();
  }

  private paste(event: ClipboardEvent): void {
    event.preventDefault();
    const text = event.clipboardData?.getData('text/plain') ?? '';
    if (text) this.events.on_paste(text);
    this.finishPaste();
  }

  /** The phone's clipboard is up to date (or there is nothing to bring): now it may paste. */
  private finishPaste(): void {
    clearTimeout(this.paste_timer);
    if (!this.paste_pending) return;
    this.paste_pending = false;
    this.tap(Evdev.V, performance.now());
  }

  private commit(text: string, time_ms: number): void {
    for (const piece of textPieces(text)) {
      this.sink.send(out.text({
        input_sequence: this.sink.issue(time_ms), kind: TextKind.Commit, cursor: 0, text: piece,
      }));
    }
  }

  private tap(evdev_code: number, time_ms: number): void {
    this.sendKeys([{ evdev_code, down: true }, { evdev_code, down: false }], time_ms);
  }

  private sendKeys(keys: KeyStep[], time_ms: number): void {
    if (keys.length === 0) return;
    this.sink.send(...keys.map(({ evdev_code, down }) => out.key(this.sink.issue(time_ms), evdev_code, down)));
  }

  private refill(): void {
    this.field.value = kFiller;
    this.field.setSelectionRange(kFiller.length, kFiller.length);
  }
}
