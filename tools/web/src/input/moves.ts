// Merges moves: at most one per key (finger or mouse) is waiting, the newest position wins. A move goes
// out at the end of the current task, or later if the last one left less than `interval_ms` ago.

export interface Scheduler {
  now_ms(): number;
  after(delay_ms: number, run: () => void): void;
}

export class MoveMerger<T> {
  private readonly waiting = new Map<number, T>();
  private scheduled = false;
  private flushed_ms = -Infinity;

  constructor(
    private readonly interval_ms: number,
    private readonly scheduler: Scheduler,
    private readonly emit: (moves: T[]) => void,
  ) {}

  add(key: number, move: T): void {
    this.waiting.set(key, move);
    if (this.scheduled) return;
    this.scheduled = true;
    const wait_ms = Math.max(0, this.flushed_ms + this.interval_ms - this.scheduler.now_ms());
    this.scheduler.after(wait_ms, () => {
      this.scheduled = false;
      this.flush();
    });
  }
  /** Sends what waits; called before anything that must not overtake a move. */
  flush(): void {
    if (this.waiting.size === 0) return;
    this.flushed_ms = this.scheduler.now_ms();
    const moves = [...this.waiting.values()];
    this.waiting.clear();
    this.emit(moves);
  }
  clear(): void {
    this.waiting.clear();
  }
}

/** setTimeout waits at least a millisecond, and 4 when nested: a message port does not. */
export class TaskScheduler implements Scheduler {
  private readonly channel = new MessageChannel();
  private readonly tasks: (() => void)[] = [];

  constructor() {
    this.channel.port1.onmessage = () => this.tasks.shift()?.();
  }
  now_ms(): number {
    return performance.now();
  }
  after(delay_ms: number, run: () => void): void {
    if (delay_ms > 0) {
      setTimeout(run, delay_ms);
      return;
    }
    this.tasks.push(run);
    this.channel.port2.postMessage(null);
  }
  close(): void {
    this.channel.port1.close();
  }
}
