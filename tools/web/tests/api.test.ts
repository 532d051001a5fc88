// Goal: the list says where a phone is going, not only where it is. Method: every pair that the controller can give.

import { expect, test } from 'vitest';
import { shownState } from '../src/api';

test.each([
  ['running', 'running', 'running'], ['created', 'running', 'starting'], ['stopped', 'running', 'starting'],
  ['starting', 'running', 'starting'], ['running', 'stopped', 'stopping'], ['frozen', 'stopped', 'stopping'],
  ['stopped', 'stopped', 'stopped'], ['created', 'stopped', 'created'], ['failed', 'running', 'failed'],
  ['failed', 'stopped', 'failed'], ['running', 'deleted', 'deleting'], ['frozen', 'frozen', 'frozen'],
] as const)('%s, wanted %s: %s', (state, wanted, shown) => expect(shownState({ state, wanted })).toBe(shown));
