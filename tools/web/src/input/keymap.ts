// KeyboardEvent.code → evdev key code (linux/input-event-codes.h). The physical key, whatever the layout.

const codes: Record<string, number> = {
  Escape: 1, Minus: 12, Equal: 13, Backspace: 14, Tab: 15, BracketLeft: 26, BracketRight: 27, Enter: 28,
  ControlLeft: 29, Semicolon: 39, Quote: 40, Backquote: 41, ShiftLeft: 42, Backslash: 43, Comma: 51,
  Period: 52, Slash: 53, ShiftRight: 54, NumpadMultiply: 55, AltLeft: 56, Space: 57, CapsLock: 58,
  NumLock: 69, ScrollLock: 70, NumpadSubtract: 74, NumpadAdd: 78, NumpadDecimal: 83, IntlBackslash: 86,
  F11: 87, F12: 88, IntlRo: 89, Lang3: 90, Lang4: 91, Convert: 92, KanaMode: 93, NonConvert: 94,
  NumpadEnter: 96, ControlRight: 97, NumpadDivide: 98, PrintScreen: 99, AltRight: 100,
  Home: 102, ArrowUp: 103, PageUp: 104, ArrowLeft: 105, ArrowRight: 106, End: 107, ArrowDown: 108,
  PageDown: 109, Insert: 110, Delete: 111, AudioVolumeMute: 113, AudioVolumeDown: 114, AudioVolumeUp: 115,
  Power: 116, NumpadEqual: 117, Pause: 119, NumpadComma: 121, Lang1: 122, Lang2: 123, IntlYen: 124,
  MetaLeft: 125, MetaRight: 126, ContextMenu: 127, Help: 138, MediaTrackNext: 163, MediaPlayPause: 164,
  MediaTrackPrevious: 165, MediaStop: 166,
};

const rows: readonly (readonly [string, string, number])[] = [
  ['Digit', '1234567890', 2], ['Key', 'QWERTYUIOP', 16], ['Key', 'ASDFGHJKL', 30], ['Key', 'ZXCVBNM', 44],
  ['Numpad', '789', 71], ['Numpad', '456', 75], ['Numpad', '1230', 79],
];
for (const [prefix, names, first] of rows) {
  [...names].forEach((name, i) => (codes[prefix + name] = first + i));
}
for (let i = 1; i <= 10; i++) codes[`F${i}`] = 58 + i;
for (let i = 13; i <= 24; i++) codes[`F${i}`] = 170 + i;

export const Evdev = { Backspace: 14, Enter: 28, LeftCtrl: 29, V: 47, Delete: 111 } as const;

/** The evdev code of a physical key; null for keys Linux has none for. */
export function evdevCode(code: string): number | null {
  return Object.hasOwn(codes, code) ? codes[code]! : null;
}
