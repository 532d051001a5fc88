// Goal: the page comes back by itself, at once first and calmly later, and stops where it should.
// Method: the policy alone, step by step.

import { expect, test } from 'vitest';
import { actionForClose, actionForTicketStatus, Backoff, kFullDelay_ms, kNoPhonePatience_ms } from '../../src/stream/reconnect';

test('first at once, then doubling from 100 ms to 2 s, and again from the start after success', () => {
  const backoff = new Backoff();
  expect(Array.from({ length: 9 }, () => backoff.next_ms())).toEqual([0, 100, 200, 400, 800, 1600, 2000, 2000, 2000]);
  backoff.reset();
  expect([backoff.next_ms(), backoff.next_ms()]).toEqual([0, 100]);
});
test.each([1001, 1005, 1006, 1011, 4401, 4408, 4900])('close code %i: come back', (code) => {
  expect(actionForClose(code, 0)).toEqual({ act: 'reconnect' });
});
test.each([
  [1000, 'ended'], [1009, 'too_big'], [4400, 'protocol'], [4409, 'taken_over'], [4426, 'reload'], [4429, 'too_many'],
])('close code %i: %s', (code, reason) => {
  expect(actionForClose(code, 0)).toEqual({ act: 'end', reason });
});
test('a full server is left alone for a while', () => {
  expect(actionForClose(4430, 0)).toEqual({ act: 'wait', delay_ms: kFullDelay_ms });
});
test('a phone that is not there is waited for, but not for ever', () => {
  expect(actionForClose(4404, kNoPhonePatience_ms - 1)).toEqual({ act: 'reconnect' });
  expect(actionForClose(4404, kNoPhonePatience_ms)).toEqual({ act: 'end', reason: 'no_phone' });
});
test('tickets: only an answer that will not change ends the attempts', () => {
  expect([0, 409, 429, 500, 503].map((s) => actionForTicketStatus(s).act)).toEqual(Array(5).fill('retry'));
  expect(actionForTicketStatus(401)).toEqual({ act: 'end', reason: 'signed_out' });
  expect(actionForTicketStatus(403)).toEqual({ act: 'end', reason: 'forbidden' });
  expect(actionForTicketStatus(404)).toEqual({ act: 'end', reason: 'no_phone' });
});
