// Draws the newest decoded picture once per screen refresh, drops older ones, closes every VideoFrame.

import { letterbox, type Rect, type Size } from './fit';
import type { Picture } from './decoder';

export interface PresenterEvents {
  on_drawn(picture: Picture, drawn_ms: number): void;
  on_dropped(picture: Picture): void;
}

export class Presenter {
  private readonly context: CanvasRenderingContext2D;
  private newest: Picture | null = null;
  private scheduled = 0;
  private shown: Size | null = null;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly events: PresenterEvents,
  ) {
    const context = canvas.getContext('2d', { alpha: false, desynchronized: true });
    if (!context) throw new Error('no 2d context');
    this.context = context;
  }

  /** Where the picture lies on the canvas, in canvas pixels; null before the first one. */
  get picture_rect(): Rect | null {
    return this.shown && letterbox(this.shown, this.canvas);
  }

  show(picture: Picture): void {
    if (this.newest) this.drop(this.newest);
    this.newest = picture;
    if (document.visibilityState === 'hidden') {
      // No refresh comes while the page is hidden; a kept frame would hold a decoder surface.
      this.drop(picture);
      this.newest = null;
      return;
    }
    this.scheduled ||= requestAnimationFrame(() => this.draw());
  }

  /** Takes the canvas to a new size and keeps the last picture on it, so that nothing flashes. */
  resize(size: Size): void {
    if (this.canvas.width === size.width && this.canvas.height === size.height) return;
    const before = this.picture_rect;
    let copy: HTMLCanvasElement | null = null;
    if (before && this.shown) {
      copy = document.createElement('canvas');
      copy.width = before.width;
      copy.height = before.height;
      copy.getContext('2d')?.drawImage(
        this.canvas, before.x, before.y, before.width, before.height, 0, 0, before.width, before.height);
    }
    this.canvas.width = size.width;
    this.canvas.height = size.height;
    if (copy) this.paint(copy, letterbox(copy, size));
  }

  close(): void {
    cancelAnimationFrame(this.scheduled);
    this.scheduled = 0;
    this.newest?.frame.close();
    this.newest = null;
  }

  private draw(): void {
    this.scheduled = 0;
    const picture = this.newest;
    if (!picture) return;
    this.newest = null;
    const { frame } = picture;
    this.shown = { width: frame.displayWidth, height: frame.displayHeight };
    this.paint(frame, letterbox(this.shown, this.canvas));
    frame.close();
    this.events.on_drawn(picture, performance.now());
  }

  private paint(source: CanvasImageSource, to: Rect): void {
    const { context, canvas } = this;
    if (to.width < canvas.width || to.height < canvas.height) {
      context.fillStyle = '#000';
      context.fillRect(0, 0, canvas.width, canvas.height);
    }
    context.drawImage(source, to.x, to.y, to.width, to.height);
  }

  private drop(picture: Picture): void {
    picture.frame.close();
    this.events.on_dropped(picture);
  }
}
