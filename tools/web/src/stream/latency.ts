// Measures from input to picture, and other running figures. Pure: times come in as arguments.

/** The newest `capacity` samples, with percentiles over them. */
export class Samples {
  private readonly values: number[] = [];
  private next = 0;

  constructor(private readonly capacity: number) {}

  add(value: number): void {
    this.values[this.next] = value;
    this.next = (this.next + 1) % this.capacity;
  }
  get count(): number {
    return this.values.length;
  }
  /** Nearest-rank percentile, `fraction` in 0–1; null without samples. */
  percentile(fraction: number): number | null {
    if (this.values.length === 0) return null;
    const sorted = [...this.values].sort((a, b) => a - b);
    const rank = Math.ceil(fraction * sorted.length) - 1;
    return sorted[Math.min(sorted.length - 1, Math.max(0, rank))]!;
  }
  clear(): void {
    this.values.length = 0;
    this.next = 0;
  }
}

const kSequenceModulo = 2 ** 32;

/** Hands out input sequence numbers and tells how long an input took until a drawn frame answered it. */
export class InputClock {
  private last = 0;
  private answered = 0;
  private readonly sent = new Map<number, number>();

  constructor(private readonly capacity = 512) {}

  /** A new sequence number for an input that happened at `time_ms` (performance.now()'s clock). */
  issue(time_ms: number): number {
    this.last = (this.last + 1) % kSequenceModulo;
    if (this.last === 0) this.last = 1;
    this.sent.set(this.last, time_ms);
    if (this.sent.size > this.capacity) {
      const oldest = this.sent.keys().next().value;
      if (oldest !== undefined) this.sent.delete(oldest);
    }
    return this.last;
  }

  /** A frame that answers input `sequence` was drawn at `time_ms`. Each input is measured once, at the
   *  first frame that answers it; null otherwise. */
  drawn(sequence: number, time_ms: number): number | null {
    if (sequence === 0 || sequence === this.answered) return null;
    const sent_ms = this.sent.get(sequence);
    if (sent_ms === undefined) return null;
    this.answered = sequence;
    for (const older of this.sent.keys()) {
      this.sent.delete(older);
      if (older === sequence) break;
    }
    return Math.max(0, time_ms - sent_ms);
  }

  /** A new connection: the server counts from "none since connect", and old inputs get no answer. */
  reset(): void {
    this.sent.clear();
    this.answered = 0;
  }
}

/** Events and their sizes within the last second. */
export class Rate {
  private readonly events: { time_ms: number; size: number }[] = [];

  add(time_ms: number, size: number): void {
    this.events.push({ time_ms, size });
    this.trim(time_ms);
  }
  per_second(time_ms: number): { count: number; size: number } {
    this.trim(time_ms);
    return { count: this.events.length, size: this.events.reduce((sum, e) => sum + e.size, 0) };
  }

  private trim(time_ms: number): void {
    while (this.events.length > 0 && this.events[0]!.time_ms <= time_ms - 1000) this.events.shift();
  }
}
