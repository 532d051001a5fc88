// The place of the phone on the page: its box follows the window, in whole device pixels.

import { phoneBox, type FitMode, type Size } from '../stream/fit';

export class Stage {
  private readonly observer: ResizeObserver;
  private box_px: Size = { width: 0, height: 0 };
  private fit: FitMode = 'phone';
  private turns = 0;

  constructor(
    private readonly area: HTMLElement,
    private readonly box: HTMLElement,
    private readonly on_box: (size: Size) => void,
  ) {
    this.observer = new ResizeObserver((entries) => {
      for (const entry of entries) {
        if (entry.target === area) this.layout();
        else this.measured(entry);
      }
    });
  }

  start(): void {
    this.layout();
    this.observer.observe(this.area);
    try {
      this.observer.observe(this.box, { box: 'device-pixel-content-box' });
    } catch {
      this.observer.observe(this.box);
    }
  }
  close(): void {
    this.observer.disconnect();
  }

  shape(fit: FitMode, turns: number): void {
    if (fit === this.fit && turns === this.turns) return;
    this.fit = fit;
    this.turns = turns;
    this.layout();
  }

  /** The box as the layout has it now, for the time before the first observation. */
  size(): Size {
    if (this.box_px.width > 0) return this.box_px;
    const { width, height } = this.box.getBoundingClientRect();
    return { width: Math.round(width * devicePixelRatio), height: Math.round(height * devicePixelRatio) };
  }

  layout(): void {
    const area = { width: this.area.clientWidth, height: this.area.clientHeight };
    if (area.width === 0 || area.height === 0) return;
    const wanted = phoneBox(area, this.fit, this.turns);
    const snap = (css: number) => Math.floor(css * devicePixelRatio) / devicePixelRatio;
    const even = (css: number) => (Math.floor((css * devicePixelRatio) / 2) * 2) / devicePixelRatio;
    // In fill mode a pixel of the window's edge may stay, rather than a picture with an odd side.
    const size = { width: even(wanted.width), height: even(wanted.height) };
    const { style } = this.box;
    style.width = `${size.width}px`;
    style.height = `${size.height}px`;
    style.left = `${snap((area.width - size.width) / 2)}px`;
    style.top = `${snap((area.height - size.height) / 2)}px`;
  }

  private measured(entry: ResizeObserverEntry): void {
    const { width, height } = this.box.getBoundingClientRect();
    const exact = entry.devicePixelContentBoxSize?.[0];
    const size = {
      width: pixels(exact?.inlineSize, width * devicePixelRatio),
      height: pixels(exact?.blockSize, height * devicePixelRatio),
    };
    if (size.width === 0 || size.height === 0) return;
    this.box_px = size;
    this.on_box(size);
  }
}

/** The browser's exact count, as far as it agrees with the layout: under an emulated density it does not. */
function pixels(exact: number | undefined, computed: number): number {
  return exact !== undefined && Math.abs(exact - computed) <= 1 ? exact : Math.round(computed);
}
