// The running figures of one stream, as the statistics overlay shows them.

import type { PictureHead } from '../wire/pictures';
import type { Stats } from '../wire/server_messages';
import { Rate, Samples } from './latency';

export interface Snapshot {
  fps: number;
  kbps: number;
  rtt_ms: number | null;
  server_ms: number | null;
  decode_ms: number | null;
  input_p50_ms: number | null;
  input_p95_ms: number | null;
  input_count: number;
  width_px: number;
  height_px: number;
  dropped: number;
  reconnect_ms: number | null;
}

export class Figures {
  server: Stats | null = null;
  reconnect_ms: number | null = null;

  private readonly frames = new Rate();
  private readonly bytes = new Rate();
  private readonly rtt_ms = new Samples(10);
  private readonly decode_ms = new Samples(120);
  private readonly server_ms = new Samples(120);
  private readonly input_ms = new Samples(500);
  private inputs = 0;
  private width_px = 0;
  private height_px = 0;

  received(now_ms: number, bytes: number): void {
    this.bytes.add(now_ms, bytes);
  }
  round_trip(rtt_ms: number): void {
    this.rtt_ms.add(rtt_ms);
  }
  decoded(decode_ms: number): void {
    this.decode_ms.add(decode_ms);
  }
  drawn(now_ms: number, picture: PictureHead, input_ms: number | null): void {
    this.frames.add(now_ms, 1);
    this.server_ms.add((picture.capture_us + picture.compose_us + picture.encode_us + picture.send_us) / 1000);
    this.width_px = picture.width_px;
    this.height_px = picture.height_px;
    if (input_ms !== null) {
      this.input_ms.add(input_ms);
      this.inputs++;
    }
  }

  snapshot(now_ms: number): Snapshot {
    return {
      fps: this.frames.per_second(now_ms).count,
      kbps: (this.bytes.per_second(now_ms).size * 8) / 1000,
      rtt_ms: this.rtt_ms.percentile(0.5),
      server_ms: this.server_ms.percentile(0.5),
      decode_ms: this.decode_ms.percentile(0.5),
      input_p50_ms: this.input_ms.percentile(0.5),
      input_p95_ms: this.input_ms.percentile(0.95),
      input_count: this.inputs,
      width_px: this.width_px,
      height_px: this.height_px,
      dropped: this.server?.dropped ?? 0,
      reconnect_ms: this.reconnect_ms,
    };
  }
}
