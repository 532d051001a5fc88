// How often this screen refreshes, measured over a few refreshes; 60 if the page gets none.

const kSamples = 12;
const kPatience_ms = 400;
const kDefault_hz = 60;

export function refreshRate(): Promise<number> {
  return new Promise((resolve) => {
    const times: number[] = [];
    const timer = setTimeout(() => resolve(kDefault_hz), kPatience_ms);
    const tick = (time_ms: number) => {
      times.push(time_ms);
      if (times.length <= kSamples) {
        requestAnimationFrame(tick);
        return;
      }
      clearTimeout(timer);
      resolve(rateOf(times));
    };
    requestAnimationFrame(tick);
  });
}

/** The median of the steps between `times_ms`, as a rate within the protocol's limits. */
export function rateOf(times_ms: readonly number[]): number {
  const steps = times_ms.slice(1).map((time, i) => time - times_ms[i]!).sort((a, b) => a - b);
  const median = steps[steps.length >> 1] ?? 0;
  if (median <= 0) return kDefault_hz;
  return Math.min(240, Math.max(24, Math.round(1000 / median)));
}
