// One WebSocket to one phone, from opening to closing: greeting, keep-alive, messages both ways.
// It never reconnects; stream/session.ts makes a new one for each attempt.

import { join, ping } from '../wire/client_messages';
import { decodeServerMessages, type ServerMessage } from '../wire/server_messages';
import { CloseCode, kSubProtocol, kTicketPrefix, WireError } from '../wire/protocol';

const kOpenTimeout_ms = 4000;
const kPingInterval_ms = 1000;
const kCheckInterval_ms = 250;
const kSilence_ms = 2000;

export interface ConnectionEvents {
  on_messages(messages: ServerMessage[], bytes: number): void;
  on_rtt(rtt_ms: number): void;
  on_close(code: number, reason: string): void;
}

/** Closed by this side because nothing was heard; not a code of the wire. */
export const kLost = 4900;

export class Connection {
  private readonly socket: WebSocket;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private heard_ms = 0;
  private pinged_ms = -Infinity;
  private beat_ms = Infinity;
  /** Set by `probe`: something must be heard before this time. */
  private deadline_ms = Infinity;
  private finished = false;

  constructor(
    url: string,
    ticket: string,
    private readonly first: Uint8Array<ArrayBuffer>,
    private readonly events: ConnectionEvents,
  ) {
    this.socket = new WebSocket(url, [kSubProtocol, kTicketPrefix + ticket]);
    this.socket.binaryType = 'arraybuffer';
    this.socket.onopen = () => this.opened();
    this.socket.onmessage = (event) => this.received(event.data);
    this.socket.onclose = (event) => this.finish(event.code, event.reason);
    this.timer = setTimeout(() => this.finish(kLost, 'no answer'), kOpenTimeout_ms);
  }

  send(...parts: Uint8Array<ArrayBuffer>[]): void {
    if (this.socket.readyState !== WebSocket.OPEN) return;
    this.socket.send(parts.length === 1 ? parts[0]! : join(parts));
  }

  /** Ends it from this side without telling the owner. */
  close(): void {
    this.finished = true;
    clearTimeout(this.timer);
    this.socket.close(CloseCode.Ended);
  }

  /** Asks for a sign of life now; without one within `limit_ms` the connection counts as lost. */
  probe(limit_ms: number): void {
    if (this.socket.readyState !== WebSocket.OPEN) return;
    this.deadline_ms = performance.now() + limit_ms;
    this.pinged_ms = -Infinity;
    this.beat();
  }

  /** Ends it because of what the server sent, and says so to both sides. */
  refuse(error: WireError): void {
    this.socket.close(CloseCode.Protocol, error.message.slice(0, 120));
    this.finish(CloseCode.Protocol, error.message);
  }

  private opened(): void {
    this.heard_ms = performance.now();
    this.socket.send(this.first);
    this.beat();
  }

  private beat(): void {
    clearTimeout(this.timer);
    if (this.finished) return;
    const now_ms = performance.now();
    // A page that was itself held up has not read its messages yet: it gives them another second.
    if (now_ms - this.beat_ms > 2 * kCheckInterval_ms) this.heard_ms = Math.max(this.heard_ms, now_ms - 1000);
    this.beat_ms = now_ms;
    // A hidden page's timers are slowed down by the browser: silence says nothing then.
    const silent = document.visibilityState === 'visible' && now_ms - this.heard_ms > kSilence_ms;
    if (silent || now_ms > this.deadline_ms) {
      this.finish(kLost, 'no sign of life');
      return;
    }
    if (now_ms - this.pinged_ms >= kPingInterval_ms - kCheckInterval_ms / 2) {
      this.pinged_ms = now_ms;
      this.send(ping(Math.round(now_ms * 1000)));
    }
    this.timer = setTimeout(() => this.beat(), kCheckInterval_ms);
  }

  private received(data: unknown): void {
    if (this.finished) return;
    this.heard_ms = performance.now();
    this.deadline_ms = Infinity;
    try {
      if (!(data instanceof ArrayBuffer)) throw new WireError('message: not binary');
      const messages = decodeServerMessages(new Uint8Array(data));
      for (const message of messages) {
        if (message.type === 'pong') this.events.on_rtt(this.heard_ms - message.client_time_us / 1000);
      }
      this.events.on_messages(messages, data.byteLength);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.refuse(error);
    }
  }

  private finish(code: number, reason: string): void {
    if (this.finished) return;
    this.finished = true;
    clearTimeout(this.timer);
    if (this.socket.readyState <= WebSocket.OPEN) this.socket.close();
    this.events.on_close(code, reason);
  }
}
