// When to try again, and what a close code asks for. Pure: the clock and the timer belong to the caller.

import { CloseCode } from '../wire/protocol';

const kFirstDelay_ms = 100;
const kMaxDelay_ms = 2000;
/** How long "no such phone here" is taken for "not yet": a phone that starts, an engine that comes back. */
export const kNoPhonePatience_ms = 60_000;

/** Delays between attempts: 0, 100, 200, 400 … 2000 ms. */
export class Backoff {
  private attempt = 0;

  next_ms(): number {
    const attempt = this.attempt++;
    if (attempt === 0) return 0;
    return Math.min(kMaxDelay_ms, kFirstDelay_ms * 2 ** (attempt - 1));
  }
  reset(): void {
    this.attempt = 0;
  }
}

export type EndReason =
  | 'ended' | 'taken_over' | 'reload' | 'too_many' | 'protocol' | 'too_big' | 'no_phone' | 'signed_out'
  | 'forbidden' | 'no_decoder';

/** How long a full server is left alone. */
export const kFullDelay_ms = 5000;

export type CloseAction =
  | { act: 'reconnect' }
  | { act: 'wait'; delay_ms: number }
  | { act: 'end'; reason: EndReason };

/** `no_phone_ms` is for how long the server has been saying that it does not know the phone. */
export function actionForClose(code: number, no_phone_ms: number): CloseAction {
  switch (code) {
    case CloseCode.Ended: return { act: 'end', reason: 'ended' };
    case CloseCode.TooBig: return { act: 'end', reason: 'too_big' };
    case CloseCode.Protocol: return { act: 'end', reason: 'protocol' };
    case CloseCode.TakenOver: return { act: 'end', reason: 'taken_over' };
    case CloseCode.NoVersion: return { act: 'end', reason: 'reload' };
    case CloseCode.TooMany: return { act: 'end', reason: 'too_many' };
    case CloseCode.ServerFull: return { act: 'wait', delay_ms: kFullDelay_ms };
    case CloseCode.NoPhone:
      return no_phone_ms < kNoPhonePatience_ms ? { act: 'reconnect' } : { act: 'end', reason: 'no_phone' };
    default: return { act: 'reconnect' };
  }
}

export type TicketFailure = { act: 'retry' } | { act: 'end'; reason: EndReason };

/** What a refused ticket request means: 0 stands for a request that got no answer. */
export function actionForTicketStatus(status: number): TicketFailure {
  if (status === 401) return { act: 'end', reason: 'signed_out' };
  if (status === 403) return { act: 'end', reason: 'forbidden' };
  if (status === 404) return { act: 'end', reason: 'no_phone' };
  return { act: 'retry' };
}
