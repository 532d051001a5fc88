// All ways of input of the phone view in one place: pointer, typing, clipboard, cursor, on-screen keyboard.

import { ClipboardSync } from '../input/clipboard';
import { cssCursor } from '../input/cursor';
import { KeyboardState } from '../input/keyboard';
import { PointerInput } from '../input/pointer';
import type { PictureOnPage } from '../input/sink';
import { TypingInput } from '../input/typing';
import type { StreamSession } from '../stream/session';
import type { Cursor, Display, TextInput } from '../wire/server_messages';

export interface PhoneInputOptions {
  box: HTMLElement;
  field: HTMLTextAreaElement;
  session: StreamSession;
  layout: string;
  touch: boolean;
  picture: PictureOnPage;
  on_change(): void;
  on_leave(): void;
  on_use(): void;
}

/** zwp_text_input_v3.content_purpose → the inputmode that shows the fitting on-screen keyboard. */
const input_modes: Record<number, string> = { 2: 'numeric', 3: 'decimal', 4: 'tel', 5: 'url', 6: 'email', 9: 'numeric' };

export class PhoneInput {
  readonly clipboard: ClipboardSync;
  private readonly pointer: PointerInput;
  private readonly typing: TypingInput;
  private readonly stopper = new AbortController();
  private by_pointer = false;
  private text_mode = 'text';

  constructor(private readonly options: PhoneInputOptions) {
    const { box, field, session } = options;
    const apple = /Mac|iPhone|iPad/.test(navigator.platform);
    this.clipboard = new ClipboardSync(session, options.on_change);
    this.pointer = new PointerInput(box, options.picture, session);
    this.typing = new TypingInput(field, new KeyboardState(options.layout, apple), session, {
      on_paste: (text) => this.clipboard.toPhone(text),
      on_leave: options.on_leave,
    });
    this.showKeyboard(false);
    const on = { signal: this.stopper.signal };
    box.addEventListener('pointerdown', () => this.pressed(), { ...on, capture: true });
    field.addEventListener('focus', () => box.toggleAttribute('data-keyboard-focus', !this.by_pointer), on);
    field.addEventListener('blur', () => {
      this.by_pointer = false;
      box.removeAttribute('data-keyboard-focus');
    }, on);
  }

  close(): void {
    this.stopper.abort();
    this.pointer.close();
    this.typing.close();
  }
  /** As a pointer would: without the ring that shows where the keyboard is. */
  focus(): void {
    this.by_pointer = true;
    this.options.field.focus({ preventScroll: true });
  }
  focused(): void {
    void this.clipboard.onFocus();
  }
  connected(): void {
    this.clipboard.reset();
    if (document.hasFocus()) this.focused();
  }
  release(): void {
    this.pointer.release();
    this.typing.release();
  }
  setMouseAsTouch(on: boolean): void {
    this.pointer.release();
    this.pointer.mouse_as_touch = on;
  }
  cursor(cursor: Cursor): void {
    this.options.box.style.cursor = cssCursor(cursor, devicePixelRatio);
  }

  /** An app of the phone wants text, or no longer. The field goes to the caret, for the input method's
   *  window; on touch screens the on-screen keyboard comes or goes. */
  textInput(input: TextInput, display: Display): void {
    const { field, box, picture, touch } = this.options;
    const rect = picture();
    if (rect) {
      const page = box.getBoundingClientRect();
      const inside = (at: number, side: number) => Math.min(1, Math.max(0, at / side));
      field.style.left = `${rect.x - page.x + inside(input.x, display.width_px) * rect.width}px`;
      field.style.top = `${rect.y - page.y + inside(input.y, display.height_px) * rect.height}px`;
    }
    this.text_mode = input_modes[input.purpose] ?? 'text';
    if (touch) this.showKeyboard(input.active);
  }

  toggleKeyboard(): void {
    this.showKeyboard(this.options.field.inputMode === 'none');
  }

  /** Without a keyboard on the screen the field still takes keys of one that is plugged in. */
  private showKeyboard(show: boolean): void {
    const { field, touch } = this.options;
    const mode = show || !touch ? this.text_mode : 'none';
    if (field.inputMode === mode) return;
    field.inputMode = mode;
    if (document.activeElement === null || !touch) return;
    // Browsers look at inputmode when a field gets the focus.
    field.blur();
    this.focus();
  }

  private pressed(): void {
    this.by_pointer = true;
    this.options.box.removeAttribute('data-keyboard-focus');
    if (!this.options.field.matches(':focus')) this.options.field.focus({ preventScroll: true });
    this.options.on_use();
  }
}
