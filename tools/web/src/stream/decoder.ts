// H.264 access units in, decoded pictures out, through WebCodecs. Low latency: every picture is handed
// out as soon as it is decoded. A decoder that fails is rebuilt and asks for a key frame, with back-off.

import type { Video } from '../wire/pictures';
import { codecFromAccessUnit } from './sps';

export interface Picture {
  frame: VideoFrame;
  video: Video;
  decoded_ms: number;
}

export interface DecoderEvents {
  on_picture(picture: Picture): void;
  /** A unit that will never be shown: waiting for a key frame, or lost in a failed decoder. */
  on_lost(video: Video): void;
  on_need_key(): void;
}

const kFirstKeyDelay_ms = 500;
const kMaxKeyDelay_ms = 8000;

/** Hardware where the browser has it; asked once, because the answer does not change. */
export async function probeHardware(): Promise<boolean> {
  if (!('VideoDecoder' in globalThis)) return false;
  const support = await VideoDecoder.isConfigSupported({
    codec: 'avc1.42E01F', optimizeForLatency: true, hardwareAcceleration: 'prefer-hardware',
  }).catch(() => null);
  return support?.supported === true;
}

export class StreamDecoder {
  private decoder: VideoDecoder | null = null;
  private configured = '';
  private waiting_for_key = true;
  private timestamp_us = 0;
  private readonly pending = new Map<number, Video>();
  private failures = 0;
  private key_asked_ms = -Infinity;
  private key_timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly hardware: boolean,
    private readonly events: DecoderEvents,
  ) {}

  /** Frames handed in and not yet out. */
  get queue(): number {
    return this.pending.size;
  }

  decode(video: Video, now_ms: number): void {
    if (video.key && !this.prepare(video)) {
      this.fail(now_ms);
      this.events.on_lost(video);
      return;
    }
    if (this.waiting_for_key && !video.key) {
      this.events.on_lost(video);
      this.requestKey(now_ms);
      return;
    }
    this.waiting_for_key = false;
    clearTimeout(this.key_timer);
    const timestamp = ++this.timestamp_us;
    this.pending.set(timestamp, video);
    try {
      this.decoder!.decode(
        new EncodedVideoChunk({ type: video.key ? 'key' : 'delta', timestamp, data: video.data }),
      );
    } catch {
      this.fail(performance.now());
    }
  }

  close(): void {
    clearTimeout(this.key_timer);
    if (this.decoder && this.decoder.state !== 'closed') this.decoder.close();
    this.decoder = null;
    this.configured = '';
    this.waiting_for_key = true;
    this.pending.clear();
  }

  /** Configures for the stream that starts with this key frame. False if no decoder takes it. */
  private prepare(video: Video): boolean {
    const codec = codecFromAccessUnit(video.data);
    if (!codec) return false;
    const { width, height } = video.coded;
    const wanted = `${codec} ${width}x${height}`;
    if (this.decoder && this.decoder.state === 'configured' && this.configured === wanted) return true;
    try {
      if (!this.decoder || this.decoder.state === 'closed') this.decoder = this.make();
      this.decoder.configure({
        codec,
        codedWidth: width,
        codedHeight: height,
        optimizeForLatency: true,
        hardwareAcceleration: this.hardware && this.failures < 2 ? 'prefer-hardware' : 'no-preference',
      });
    } catch {
      return false;
    }
    this.configured = wanted;
    return true;
  }

  private make(): VideoDecoder {
    const decoder = new VideoDecoder({
      output: (frame) => this.output(frame),
      error: () => {
        if (decoder === this.decoder) this.fail(performance.now());
      },
    });
    return decoder;
  }

  private output(frame: VideoFrame): void {
    const video = this.pending.get(frame.timestamp);
    if (!video) {
      frame.close();
      return;
    }
    this.pending.delete(frame.timestamp);
    this.failures = 0;
    this.events.on_picture({ frame, video, decoded_ms: performance.now() });
  }

  /** Gives up what is in the decoder, as lost, and starts again with the next key frame. */
  fail(now_ms: number): void {
    this.failures++;
    const lost = [...this.pending.values()];
    this.close();
    for (const video of lost) this.events.on_lost(video);
    this.requestKey(now_ms);
  }

  /** Asks, and asks again for as long as no key frame comes: a phone at rest sends nothing by itself. */
  requestKey(now_ms: number): void {
    const delay_ms = Math.min(kMaxKeyDelay_ms, kFirstKeyDelay_ms * 2 ** Math.max(0, this.failures - 1));
    clearTimeout(this.key_timer);
    const early_ms = this.key_asked_ms + delay_ms - now_ms;
    if (early_ms <= 0) {
      this.key_asked_ms = now_ms;
      this.events.on_need_key();
    }
    this.key_timer = setTimeout(() => this.requestKey(performance.now()), early_ms > 0 ? early_ms : delay_ms);
  }
}
