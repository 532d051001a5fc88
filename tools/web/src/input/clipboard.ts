// The clipboard, both ways. To the phone: on a paste, and when the page gets the focus if reading is
// allowed. From the phone: written at once where the browser allows it, else offered as a button.

import { utf8Prefix } from '../wire/bytes';
import * as out from '../wire/client_messages';
import { kMaxClipboardBytes } from '../wire/protocol';
import type { InputSink } from './sink';

export class ClipboardSync {
  /** Text of the phone that could not be written yet: the view shows a button for it. */
  waiting: string | null = null;
  private last = '';

  constructor(
    private readonly sink: InputSink,
    private readonly on_change: () => void,
  ) {}

  toPhone(text: string): void {
    const clean = utf8Prefix(text.replaceAll('\0', ''), kMaxClipboardBytes);
    if (!clean || clean === this.last) return;
    this.last = clean;
    this.sink.send(out.clipboard(clean));
  }

  /** Without asking the user anything: only where reading was allowed before. */
  async onFocus(): Promise<void> {
    try {
      const name = 'clipboard-read' as PermissionName;
      if ((await navigator.permissions.query({ name })).state !== 'granted') return;
      this.toPhone(await navigator.clipboard.readText());
    } catch {
      // A browser without this permission, or the focus is gone already: paste still works.
    }
  }

  async fromPhone(text: string): Promise<void> {
    this.last = text;
    if (!text) return;
    try {
      await navigator.clipboard.writeText(text);
      this.waiting = null;
    } catch {
      this.waiting = text;
    }
    this.on_change();
  }

  /** The user pressed the button. */
  async take(): Promise<void> {
    if (this.waiting !== null) await this.fromPhone(this.waiting);
  }

  /** A new connection knows nothing of what the last one was told. */
  reset(): void {
    this.last = '';
  }
}
