// Decides what a key press becomes: a KEY message (the physical key), text, or nothing because an input
// method is at work and its text arrives through input/typing.ts. Pure: the DOM is over there.

import { evdevCode, Evdev } from './keymap';
import { printsOnUs } from './layout';

export interface KeyLike {
  code: string;
  key: string;
  keyCode: number;
  repeat: boolean;
  isComposing: boolean;
  ctrlKey: boolean;
  altKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  getModifierState(name: string): boolean;
}

export interface KeyStep {
  evdev_code: number;
  down: boolean;
}

export type KeyDecision =
  | { act: 'keys'; keys: KeyStep[] }
  | { act: 'text'; text: string }
  /** The browser pastes; the keys follow when the clipboard is known. */
  | { act: 'paste' }
  /** Shift+Escape: the keyboard goes back to the page. */
  | { act: 'leave' }
  /** The browser and its input method have it. */
  | { act: 'browser' }
  | { act: 'nothing' };

const kImeKeyCode = 229;

export class KeyboardState {
  private readonly held = new Map<string, number>();
  private dead = false;

  /** `layout` empty: the phone has its default layout, so text that a US keyboard would not print goes as
   *  text. `command_is_control`: Apple keyboards, where the hand expects Command for shortcuts. */
  constructor(
    private readonly layout: string,
    private readonly command_is_control: boolean,
  ) {}

  down(event: KeyLike): KeyDecision {
    if (event.isComposing || event.keyCode === kImeKeyCode || event.key === 'Process') return { act: 'browser' };
    if (event.key === 'Dead') {
      // What a dead key makes is known only when the next key is pressed, and the browser composes it.
      this.dead = true;
      return { act: 'browser' };
    }
    const shortcut = event.ctrlKey || event.altKey || event.metaKey;
    const printable = [...event.key].length === 1;
    if (this.dead && printable) {
      this.dead = false;
      return { act: 'browser' };
    }
    if (event.key === 'Escape' && event.shiftKey && !shortcut) return { act: 'leave' };
    if (event.repeat && this.held.has(event.code)) return { act: 'nothing' };
    if (this.isPaste(event)) return { act: 'paste' };
    const alt_graph = event.getModifierState('AltGraph');
    if (printable && (!shortcut || alt_graph) && !this.phonePrints(event)) return { act: 'text', text: event.key };
    return this.press(event, alt_graph);
  }

  up(event: KeyLike): KeyDecision {
    const held = this.held.get(event.code);
    if (held === undefined) return { act: 'nothing' };
    this.held.delete(event.code);
    const keys = [{ evdev_code: held, down: false }];
    // Apple's browsers report no release for keys let go while Command is held.
    if (event.code.startsWith('Meta')) keys.push(...this.releaseAll());
    return { act: 'keys', keys };
  }

  /** Releases for every key that is down; they are forgotten. */
  releaseAll(): KeyStep[] {
    const keys = [...this.held.values()].map((evdev_code) => ({ evdev_code, down: false }));
    this.held.clear();
    this.dead = false;
    return keys;
  }

  /** Whether the physical key gives the same character inside the phone. Of layouts but the US one the page
   *  knows only the name, and trusts it. Keys of software keyboards may come without the Shift they need. */
  private phonePrints(event: KeyLike): boolean {
    if (this.layout !== '' && this.layout !== 'us') return true;
    return printsOnUs(event.code, event.key, event.shiftKey, event.getModifierState('CapsLock'));
  }

  private press(event: KeyLike, alt_graph: boolean): KeyDecision {
    const evdev_code = this.evdev(event.code);
    if (evdev_code === null || this.held.has(event.code)) return { act: 'nothing' };
    const keys: KeyStep[] = [];
    // Windows reports AltGr as left Control and right Alt; the phone must see AltGr alone.
    const control = this.held.get('ControlLeft');
    if (event.code === 'AltRight' && alt_graph && control !== undefined) {
      keys.push({ evdev_code: control, down: false });
      this.held.delete('ControlLeft');
    }
    this.held.set(event.code, evdev_code);
    keys.push({ evdev_code, down: true });
    return { act: 'keys', keys };
  }

  private isPaste(event: KeyLike): boolean {
    const command = this.command_is_control ? event.metaKey : event.ctrlKey;
    return command && !event.altKey && event.key.toLowerCase() === 'v';
  }

  private evdev(code: string): number | null {
    if (this.command_is_control && code.startsWith('Meta')) return Evdev.LeftCtrl;
    return evdevCode(code);
  }
}
