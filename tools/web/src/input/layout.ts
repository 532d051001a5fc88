// Guesses the XKB layout of the user's keyboard from what a few keys print. Browsers that do not tell
// (all but Chromium's family) give "": then text is sent as text wherever it differs from a US keyboard.

interface KeyboardMap {
  get(code: string): string | undefined;
}

/** What tells layouts apart, most particular first. */
const signatures: readonly (readonly [string, Record<string, string>])[] = [
  ['us', { KeyQ: 'q', KeyY: 'y', Semicolon: ';', BracketLeft: '[', Quote: "'", Backslash: '\\' }],
  ['gb', { KeyQ: 'q', KeyY: 'y', Semicolon: ';', BracketLeft: '[', Quote: "'", Backslash: '#' }],
  ['de', { KeyY: 'z', Semicolon: 'ö', BracketLeft: 'ü', Quote: 'ä', Minus: 'ß' }],
  ['ch', { KeyY: 'z', BracketLeft: 'ü', Semicolon: 'ö', Minus: "'" }],
  ['ch(fr)', { KeyY: 'z', BracketLeft: 'è', Semicolon: 'é', Minus: "'" }],
  ['be', { KeyQ: 'a', KeyW: 'z', Minus: ')', Equal: '-' }],
  ['fr', { KeyQ: 'a', KeyW: 'z', Semicolon: 'm', Digit2: 'é' }],
  ['es', { Semicolon: 'ñ', Minus: "'", Backslash: 'ç' }],
  ['latam', { Semicolon: 'ñ', Minus: "'", Backslash: '}' }],
  ['it', { Semicolon: 'ò', BracketLeft: 'è', Quote: 'à' }],
  ['pt', { Semicolon: 'ç', Minus: "'", Quote: 'º' }],
  ['br', { Semicolon: 'ç', Minus: '-' }],
  ['se', { BracketLeft: 'å', Semicolon: 'ö', Quote: 'ä' }],
  ['no', { BracketLeft: 'å', Semicolon: 'ø', Quote: 'æ' }],
  ['dk', { BracketLeft: 'å', Semicolon: 'æ', Quote: 'ø' }],
  ['cz', { Digit2: 'ě', Semicolon: 'ů' }],
  ['ru', { KeyQ: 'й', KeyW: 'ц' }],
  ['us(dvorak)', { KeyQ: "'", KeyW: ',', KeyS: 'o' }],
  ['us(colemak)', { KeyE: 'f', KeyR: 'p', KeyS: 'r' }],
];

export function guessLayout(map: KeyboardMap): string {
  for (const [layout, keys] of signatures) {
    if (Object.entries(keys).every(([code, char]) => map.get(code)?.toLowerCase() === char)) return layout;
  }
  return '';
}

export async function detectLayout(): Promise<string> {
  const keyboard = (navigator as { keyboard?: { getLayoutMap?(): Promise<KeyboardMap> } }).keyboard;
  if (!keyboard?.getLayoutMap) return '';
  try {
    return guessLayout(await keyboard.getLayoutMap());
  } catch {
    return '';
  }
}

const us_plain = "`1234567890-=qwertyuiop[]\\asdfghjkl;'zxcvbnm,./ ";
const us_shift = '~!@#$%^&*()_+QWERTYUIOP{}|ASDFGHJKL:"ZXCVBNM<>? ';
const us_codes = [
  'Backquote', ...[...'1234567890'].map((d) => `Digit${d}`), 'Minus', 'Equal',
  ...[...'QWERTYUIOP'].map((c) => `Key${c}`), 'BracketLeft', 'BracketRight', 'Backslash',
  ...[...'ASDFGHJKL'].map((c) => `Key${c}`), 'Semicolon', 'Quote',
  ...[...'ZXCVBNM'].map((c) => `Key${c}`), 'Comma', 'Period', 'Slash', 'Space',
];

/** Whether a US keyboard prints `key` with this physical key and these modifiers. */
export function printsOnUs(code: string, key: string, shift: boolean, caps_lock: boolean): boolean {
  if (code.startsWith('Numpad')) return true;
  const at = us_codes.indexOf(code);
  if (at < 0) return false;
  const either_case = caps_lock && code.startsWith('Key');
  return ((!shift || either_case) && us_plain[at] === key) || ((shift || either_case) && us_shift[at] === key);
}
