// Goal: long texts are cut within limits without breaking a character. Method: cases at the boundaries.

import { expect, test } from 'vitest';
import { ByteReader, ByteWriter, utf8, utf8Prefix } from '../../src/wire/bytes';
import * as out from '../../src/wire/client_messages';

test('a prefix ends at a character', () => {
  expect(utf8Prefix('aé', 2)).toBe('a');
  expect(utf8Prefix('aé', 3)).toBe('aé');
  expect(utf8Prefix('👋👋', 7)).toBe('👋');
  expect(utf8Prefix('', 0)).toBe('');
});
test('u64 keeps 53 bits', () => {
  const value = 2 ** 53 - 1;
  expect(new ByteReader(new ByteWriter().u64(value).take(), 'X').u64('y')).toBe(value);
});
test('limits of the protocol are held before sending', () => {
  const text = { input_sequence: 1, kind: 0, cursor: 0 } as const;
  expect(() => out.text({ ...text, text: 'x'.repeat(4097) })).toThrow('TEXT.text');
  expect(utf8('x'.repeat(4096)).length).toBe(4096);
  expect(() => out.text({ ...text, text: 'x'.repeat(4096) })).not.toThrow();
  expect(() => out.clipboard('x'.repeat(1024 * 1024 + 1))).toThrow('CLIPBOARD.bytes');
});
