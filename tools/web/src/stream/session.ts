// One phone on one canvas for as long as its page is open: gets tickets, connects, decodes, shows, and
// comes back by itself after every interruption. The view above it sees only phases and events.

import { ApiError, type Api } from '../api';
import { strings } from '../strings';
import * as out from '../wire/client_messages';
import { Codec, Feature, type QualityMode } from '../wire/protocol';
import type { Tiles, Video } from '../wire/pictures';
import type { Cursor, Display, Notice, ServerMessage, Stats, TextInput } from '../wire/server_messages';
import { Connection } from './connection';
import { StreamDecoder } from './decoder';
import { Figures } from './figures';
import type { Size } from './fit';
import { InputClock } from './latency';
import { Presenter, type Applied } from './presenter';
import { actionForClose, actionForTicketStatus, Backoff, type EndReason } from './reconnect';
import { CanvasSurface } from './surface';

export type Phase = 'connecting' | 'live' | 'reconnecting' | 'ended';

export interface SessionEvents {
  on_change(): void;
  on_cursor(cursor: Cursor): void;
  on_text_input(input: TextInput): void;
  on_notice(notice: Notice): void;
  on_clipboard(text: string): void;
}

export interface SessionOptions {
  phone: string;
  device: string;
  layout: string;
  touch_screen: boolean;
  hardware_decoder: boolean;
  max_fps: number;
  quality: QualityMode;
}

const kProbe_ms = 500;

export class StreamSession {
  phase: Phase = 'connecting';
  end_reason: EndReason | null = null;
  /** What the server said about the end, or about why it has to be waited for. */
  detail = '';
  display: Display | null = null;
  phone_name = '';
  readonly figures = new Figures();

  private readonly input = new InputClock();
  private readonly backoff = new Backoff();
  private readonly decoder: StreamDecoder;
  private readonly presenter: Presenter;
  private readonly surface: CanvasSurface;
  private connection: Connection | null = null;
  private attempt = new AbortController();
  private retry_timer: ReturnType<typeof setTimeout> | undefined;
  private no_phone_since_ms: number | null = null;
  private lost_ms: number | null = null;
  private size: Size = { width: 0, height: 0 };
  private scale_120 = 120;
  private turns = 0;
  private quality: QualityMode;

  constructor(
    canvas: HTMLCanvasElement,
    private readonly api: Api,
    private readonly options: SessionOptions,
    private readonly events: SessionEvents,
  ) {
    this.quality = options.quality;
    this.surface = new CanvasSurface(canvas, () => this.presenter.forget());
    const refresh = {
      hidden: () => document.visibilityState === 'hidden',
      next: (run: () => void) => requestAnimationFrame(run),
    };
    this.presenter = new Presenter(this.surface, refresh, {
      on_drawn: (applied, drawn_ms) => this.drawn(applied, drawn_ms),
      on_dropped: (message, decode_ms) => this.acknowledgeDropped(message, decode_ms),
      on_hole: () => this.decoder.requestKey(performance.now()),
      on_stuck: () => this.decoder.fail(performance.now()),
      on_invalid: (error) => this.connection?.refuse(error),
    });
    this.decoder = new StreamDecoder(options.hardware_decoder, {
      on_picture: (picture) => this.presenter.decoded(picture),
      on_lost: (video) => this.presenter.lost(video),
      on_need_key: () => this.send(out.keyRequest()),
    });
  }

  /** Where the phone's picture lies, in CSS pixels of the viewport; null before the first one. */
  get picture_on_page() {
    return this.surface.on_page;
  }

  /** Connects, at the size given by `resize` before. */
  start(): void {
    this.backoff.reset();
    this.end_reason = null;
    this.detail = '';
    this.change(this.lost_ms === null ? 'connecting' : 'reconnecting');
    this.schedule();
  }

  stop(): void {
    this.abandon();
    this.phase = 'ended';
  }

  /** The network is said to be back, or the page was looked at again. */
  wake(): void {
    if (this.phase === 'live') {
      this.connection?.probe(kProbe_ms);
    } else if (this.phase !== 'ended') {
      this.backoff.reset();
      this.schedule();
    }
  }

  /** The place for the picture on the page, in device pixels. */
  resizePlace(place: Size): void {
    this.surface.resize(place);
  }
  /** The display is to have this size as it is seen. On the wire sides are those of the upright phone. */
  resize(seen: Size, scale_120: number): void {
    const size = this.turns & 1 ? { width: seen.height, height: seen.width } : seen;
    const same = size.width === this.size.width && size.height === this.size.height;
    if (same && scale_120 === this.scale_120) return;
    this.size = size;
    this.scale_120 = scale_120;
    this.send(out.resize(size.width, size.height, scale_120));
  }
  rotate(quarter_turns: number): void {
    this.turns = quarter_turns;
    this.send(out.rotate(quarter_turns));
  }
  setQuality(mode: QualityMode): void {
    this.quality = mode;
    this.send(out.quality(mode, 0, 0));
  }
  setVisible(visible: boolean): void {
    if (!visible) this.presenter.flush();
    this.send(out.visibility(visible));
  }

  /** A sequence number for an input that happened at `time_ms` (an event's timeStamp). */
  issue(time_ms: number): number {
    return this.input.issue(time_ms);
  }
  send(...messages: Uint8Array<ArrayBuffer>[]): void {
    this.connection?.send(...messages);
  }

  private schedule(delay_ms = this.backoff.next_ms()): void {
    this.abandon();
    this.retry_timer = setTimeout(() => void this.connect(), delay_ms);
  }

  private abandon(): void {
    clearTimeout(this.retry_timer);
    this.attempt.abort();
    this.attempt = new AbortController();
    this.connection?.close();
    this.connection = null;
    this.decoder.close();
    this.presenter.restart();
  }

  private async connect(): Promise<void> {
    const { signal } = this.attempt;
    let ticket;
    try {
      ticket = await this.api.ticket(this.options.phone, this.options.device, signal);
    } catch (error) {
      if (signal.aborted) return;
      const action = actionForTicketStatus(error instanceof ApiError ? error.status : 0);
      if (action.act === 'end') this.end(action.reason, error instanceof Error ? error.message : '');
      else this.interrupted();
      return;
    }
    if (signal.aborted) return;
    const url = new URL(ticket.stream, location.href);
    url.protocol = url.protocol === 'http:' ? 'ws:' : 'wss:';
    this.connection = new Connection(url.href, ticket.ticket, this.hello(), {
      on_messages: (messages, bytes) => this.received(messages, bytes),
      on_rtt: (rtt_ms) => this.figures.round_trip(rtt_ms),
      on_close: (code, reason) => this.closed(code, reason),
    });
  }

  private hello() {
    const { options, size } = this;
    return out.hello({
      codecs: Codec.H264,
      features:
        Feature.LosslessTiles | Feature.CursorImages | Feature.Clipboard | (options.touch_screen ? Feature.TouchScreen : 0) |
        (options.hardware_decoder ? Feature.HardwareDecoder : 0),
      width_px: size.width, height_px: size.height, scale_120: this.scale_120,
      max_fps: options.max_fps, quality: this.quality, layout: options.layout, client: strings.client,
    });
  }

  private received(messages: ServerMessage[], bytes: number): void {
    this.figures.received(performance.now(), bytes);
    for (const message of messages) {
      if (!this.connection) return;  // refused for the message before
      this.handle(message);
    }
  }

  private handle(message: ServerMessage): void {
    switch (message.type) {
      case 'welcome': return this.welcome(message.phone);
      case 'video': return this.video(message);
      case 'tiles': return this.presenter.tiles(message, performance.now());
      case 'display':
        this.display = message;
        this.presenter.display({ width: message.width_px, height: message.height_px });
        return;
      case 'cursor': return this.events.on_cursor(message);
      case 'stats': return this.stats(message);
      case 'text_input': return this.events.on_text_input(message);
      case 'notice': return this.events.on_notice(message);
      case 'clipboard': return this.events.on_clipboard(message.text);
      case 'pong': return;
    }
  }

  private welcome(phone: string): void {
    this.phone_name = phone;
    this.detail = '';
    this.no_phone_since_ms = null;
    this.input.reset();
    if (this.turns !== 0) this.rotate(this.turns);
    if (document.visibilityState === 'hidden') this.setVisible(false);
    this.events.on_change();
  }

  private stats(stats: Stats): void {
    this.figures.server = stats;
  }

  private video(video: Video): void {
    const now_ms = performance.now();
    this.presenter.video(video, now_ms);
    this.decoder.decode(video, now_ms);
  }

  private drawn({ message, received_ms, decoded_ms }: Applied, drawn_ms: number): void {
    const input_ms = this.input.drawn(message.input_sequence, drawn_ms);
    this.figures.decoded(decoded_ms - received_ms);
    this.figures.drawn(drawn_ms, message, input_ms);
    this.send(out.ack({
      sequence: message.sequence,
      decode_us: micros(decoded_ms - received_ms),
      present_us: micros(drawn_ms - received_ms),
      input_to_photon_us: input_ms === null ? 0 : Math.max(1, micros(input_ms)),
      queue: this.decoder.queue,
      dropped: false,
    }));
    if (this.phase !== 'live') {
      this.backoff.reset();
      if (this.lost_ms !== null) this.figures.reconnect_ms = drawn_ms - this.lost_ms;
      this.lost_ms = null;
      this.change('live');
    }
  }

  private acknowledgeDropped(message: Video | Tiles, decode_ms: number): void {
    this.send(out.ack({
      sequence: message.sequence, decode_us: micros(decode_ms), present_us: 0, input_to_photon_us: 0,
      queue: this.decoder.queue, dropped: true,
    }));
  }

  private closed(code: number, reason: string): void {
    this.connection = null;
    if (code === 4404) this.no_phone_since_ms ??= performance.now();
    const no_phone_ms = this.no_phone_since_ms === null ? 0 : performance.now() - this.no_phone_since_ms;
    const action = actionForClose(code, no_phone_ms);
    if (action.act === 'end') return this.end(action.reason, reason);
    if (action.act === 'wait') this.interrupted(reason, action.delay_ms);
    else this.interrupted();
  }

  private interrupted(detail = '', delay_ms?: number): void {
    this.detail = detail;
    if (this.phase === 'live') {
      this.lost_ms = performance.now();
      this.backoff.reset();
      this.change('reconnecting');
    } else {
      this.events.on_change();
    }
    this.schedule(delay_ms);
  }

  private end(reason: EndReason, detail: string): void {
    this.abandon();
    this.end_reason = reason;
    this.detail = detail;
    this.change('ended');
  }

  private change(phase: Phase): void {
    this.phase = phase;
    this.events.on_change();
  }
}

function micros(duration_ms: number): number {
  return Math.min(0xffffffff, Math.max(0, Math.round(duration_ms * 1000)));
}
