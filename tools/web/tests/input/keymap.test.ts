// Goal: physical keys reach the phone as the kernel numbers them. Method: the table against the names of
// linux/input-event-codes.h where this machine has the header, and against known values everywhere.

import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { evdevCode } from '../../src/input/keymap';

const header = '/usr/include/linux/input-event-codes.h';
/** DOM code → the kernel's name, for names that do not follow from each other. */
const names: Record<string, string> = {
  Escape: 'ESC', Minus: 'MINUS', Equal: 'EQUAL', BracketLeft: 'LEFTBRACE', BracketRight: 'RIGHTBRACE',
  ControlLeft: 'LEFTCTRL', ControlRight: 'RIGHTCTRL', ShiftLeft: 'LEFTSHIFT', ShiftRight: 'RIGHTSHIFT',
  AltLeft: 'LEFTALT', AltRight: 'RIGHTALT', MetaLeft: 'LEFTMETA', MetaRight: 'RIGHTMETA', Quote: 'APOSTROPHE',
  Backquote: 'GRAVE', Backslash: 'BACKSLASH', IntlBackslash: '102ND', IntlRo: 'RO', IntlYen: 'YEN', Period: 'DOT',
  Space: 'SPACE', CapsLock: 'CAPSLOCK', ArrowUp: 'UP', ArrowDown: 'DOWN', ArrowLeft: 'LEFT', ArrowRight: 'RIGHT',
  ContextMenu: 'COMPOSE', PrintScreen: 'SYSRQ', NumpadMultiply: 'KPASTERISK', NumpadSubtract: 'KPMINUS',
  NumpadAdd: 'KPPLUS', NumpadDecimal: 'KPDOT', NumpadDivide: 'KPSLASH', NumpadEnter: 'KPENTER', NumpadEqual: 'KPEQUAL',
  NumpadComma: 'KPCOMMA', Convert: 'HENKAN', NonConvert: 'MUHENKAN', KanaMode: 'KATAKANAHIRAGANA', Lang1: 'HANGEUL',
  Lang2: 'HANJA', Lang3: 'KATAKANA', Lang4: 'HIRAGANA', AudioVolumeMute: 'MUTE', AudioVolumeDown: 'VOLUMEDOWN',
  AudioVolumeUp: 'VOLUMEUP', MediaTrackNext: 'NEXTSONG', MediaTrackPrevious: 'PREVIOUSSONG',
  MediaPlayPause: 'PLAYPAUSE', MediaStop: 'STOPCD',
};
for (const c of 'ABCDEFGHIJKLMNOPQRSTUVWXYZ') names[`Key${c}`] = c;
for (const d of '0123456789') {
  names[`Digit${d}`] = d;
  names[`Numpad${d}`] = `KP${d}`;
}
for (let i = 1; i <= 24; i++) names[`F${i}`] = `F${i}`;
for (const same of ['Backspace', 'Tab', 'Enter', 'Semicolon', 'Comma', 'Slash', 'NumLock', 'ScrollLock', 'Home',
  'PageUp', 'End', 'PageDown', 'Insert', 'Delete', 'Power', 'Pause', 'Help']) names[same] = same.toUpperCase();

test.skipIf(!existsSync(header))('every key has the kernel’s number', () => {
  const kernel = new Map<string, number>();
  for (const [, name, value] of readFileSync(header, 'utf8').matchAll(/#define KEY_(\w+)\s+(0x[0-9a-f]+|\d+)\b/g)) {
    kernel.set(name!, Number(value));
  }
  const wrong = Object.entries(names).filter(([code, name]) => evdevCode(code) !== kernel.get(name));
  expect(wrong).toEqual([]);
});
test('known values', () => {
  expect(['KeyA', 'KeyZ', 'Digit0', 'Enter', 'F1', 'F10', 'F11', 'Numpad5'].map(evdevCode))
    .toEqual([30, 44, 11, 28, 59, 68, 87, 76]);
});
test('keys Linux has none for, and names that are no keys', () => {
  expect([evdevCode('Fn'), evdevCode(''), evdevCode('constructor'), evdevCode('__proto__')]).toEqual([null, null, null, null]);
});
