// Goal: each key press becomes the right thing: a key, text, or the input method's. Method: events as
// browsers report them, through the state alone.

import { describe, expect, test } from 'vitest';
import { KeyboardState, type KeyLike } from '../../src/input/keyboard';
import { guessLayout, printsOnUs } from '../../src/input/layout';

function press(code: string, key: string, more: Partial<KeyLike> = {}, modifiers: string[] = []): KeyLike {
  return {
    code, key, keyCode: 0, repeat: false, isComposing: false, ctrlKey: false, altKey: false, metaKey: false,
    shiftKey: false, getModifierState: (name) => modifiers.includes(name), ...more,
  };
}
const keys = (...list: [number, boolean][]) =>
  ({ act: 'keys', keys: list.map(([evdev_code, down]) => ({ evdev_code, down })) });

describe('keys', () => {
  test('down and up, no repeats', () => {
    const state = new KeyboardState('us', false);
    expect(state.down(press('KeyA', 'a'))).toEqual(keys([30, true]));
    expect(state.down(press('KeyA', 'a', { repeat: true }))).toEqual({ act: 'nothing' });
    expect(state.up(press('KeyA', 'a'))).toEqual(keys([30, false]));
    expect(state.up(press('KeyA', 'a'))).toEqual({ act: 'nothing' });
  });
  test('everything held is released at once', () => {
    const state = new KeyboardState('us', false);
    state.down(press('ShiftLeft', 'Shift', { shiftKey: true }));
    state.down(press('KeyA', 'A', { shiftKey: true }));
    expect(state.releaseAll()).toEqual([{ evdev_code: 42, down: false }, { evdev_code: 30, down: false }]);
    expect(state.releaseAll()).toEqual([]);
  });
  test('Windows’ AltGr is AltGr alone', () => {
    const state = new KeyboardState('de', false);
    expect(state.down(press('ControlLeft', 'Control', { ctrlKey: true }))).toEqual(keys([29, true]));
    expect(state.down(press('AltRight', 'AltGraph', { ctrlKey: true, altKey: true }, ['AltGraph'])))
      .toEqual(keys([29, false], [100, true]));
  });
  test('Command is Control on Apple keyboards, and lets go of what it held', () => {
    const state = new KeyboardState('us', true);
    expect(state.down(press('MetaLeft', 'Meta', { metaKey: true }))).toEqual(keys([29, true]));
    expect(state.down(press('KeyC', 'c', { metaKey: true }))).toEqual(keys([46, true]));
    expect(state.up(press('MetaLeft', 'Meta'))).toEqual(keys([29, false], [46, false]));
  });
  test('Shift+Escape leaves, Escape is the phone’s', () => {
    const state = new KeyboardState('us', false);
    expect(state.down(press('Escape', 'Escape', { shiftKey: true }))).toEqual({ act: 'leave' });
    expect(state.down(press('Escape', 'Escape'))).toEqual(keys([1, true]));
  });
  test('paste waits for the clipboard', () => {
    expect(new KeyboardState('us', false).down(press('KeyV', 'v', { ctrlKey: true }))).toEqual({ act: 'paste' });
    expect(new KeyboardState('us', true).down(press('KeyV', 'v', { metaKey: true }))).toEqual({ act: 'paste' });
  });
});

describe('text', () => {
  test('an input method has its keys', () => {
    const state = new KeyboardState('', false);
    expect(state.down(press('KeyA', 'Process'))).toEqual({ act: 'browser' });
    expect(state.down(press('', 'Unidentified', { keyCode: 229 }))).toEqual({ act: 'browser' });
    expect(state.down(press('KeyA', 'a', { isComposing: true }))).toEqual({ act: 'browser' });
  });
  test('a dead key and the key after it are composed by the browser', () => {
    const state = new KeyboardState('de', false);
    expect(state.down(press('Equal', 'Dead'))).toEqual({ act: 'browser' });
    expect(state.down(press('ShiftLeft', 'Shift', { shiftKey: true }))).toEqual(keys([42, true]));
    expect(state.down(press('KeyE', 'É', { shiftKey: true }))).toEqual({ act: 'browser' });
    expect(state.down(press('KeyE', 'e'))).toEqual(keys([18, true]));
  });
  test('of an unknown layout, what a US keyboard does not print goes as text', () => {
    const state = new KeyboardState('', false);
    expect(state.down(press('Semicolon', 'ö'))).toEqual({ act: 'text', text: 'ö' });
    expect(state.down(press('KeyQ', 'a'))).toEqual({ act: 'text', text: 'a' });
    expect(new KeyboardState('us', false).down(press('Digit3', '#'))).toEqual({ act: 'text', text: '#' });
    expect(state.down(press('KeyA', 'a'))).toEqual(keys([30, true]));
    expect(state.down(press('KeyQ', 'a', { ctrlKey: true }))).toEqual(keys([16, true]));
    expect(state.down(press('KeyE', '€', { ctrlKey: true, altKey: true }, ['AltGraph'])))
      .toEqual({ act: 'text', text: '€' });
  });
  test('of a known layout, it is the key', () => {
    expect(new KeyboardState('de', false).down(press('Semicolon', 'ö'))).toEqual(keys([39, true]));
  });
});

test('layouts are told apart, unknown ones are not guessed', () => {
  const map = (entries: Record<string, string>) => new Map(Object.entries(entries));
  const us = { KeyQ: 'q', KeyW: 'w', KeyY: 'y', Semicolon: ';', BracketLeft: '[', Quote: "'", Backslash: '\\', Minus: '-' };
  expect(guessLayout(map(us))).toBe('us');
  expect(guessLayout(map({ ...us, Backslash: '#' }))).toBe('gb');
  expect(guessLayout(map({ ...us, KeyY: 'z', Semicolon: 'ö', BracketLeft: 'ü', Quote: 'ä', Minus: 'ß' }))).toBe('de');
  expect(guessLayout(map({ ...us, KeyQ: 'a', KeyW: 'z', Semicolon: 'm', Digit2: 'é' }))).toBe('fr');
  expect(guessLayout(map({ KeyQ: 'ㅂ' }))).toBe('');
  expect(guessLayout(map({}))).toBe('');
});
test('what a US keyboard prints', () => {
  expect(printsOnUs('KeyA', 'a', false, false)).toBe(true);
  expect(printsOnUs('KeyA', 'A', true, false)).toBe(true);
  expect(printsOnUs('KeyA', 'A', false, true)).toBe(true);
  expect(printsOnUs('Digit2', '@', true, false)).toBe(true);
  expect(printsOnUs('Numpad1', '1', false, false)).toBe(true);
  expect(printsOnUs('KeyA', 'A', false, false)).toBe(false);
  expect(printsOnUs('Digit2', '@', false, true)).toBe(false);
  expect(printsOnUs('KeyQ', 'a', false, false)).toBe(false);
  expect(printsOnUs('', 'a', false, false)).toBe(false);
});
