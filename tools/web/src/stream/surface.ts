// The canvas as the shown picture: exactly the picture's pixels, placed on the page by style, so that a picture
// of its place's size is shown to the pixel and one of another size is letterboxed.

import { TileEncoding } from '../wire/protocol';
import type { Area, Copy, Tile } from '../wire/pictures';
import { letterbox, type Size } from './fit';
import type { Surface } from './presenter';
import { solidColour, TileDecoder } from './tiles';

export class CanvasSurface implements Surface {
  private readonly context: CanvasRenderingContext2D;
  private readonly decoder = new TileDecoder();
  private place: Size = { width: 0, height: 0 };
  private pictured = false;

  /** `on_restored`: the browser had to take the canvas' memory away and has given a black one back. */
  constructor(
    private readonly canvas: HTMLCanvasElement,
    on_restored: () => void,
  ) {
    const context = canvas.getContext('2d', { alpha: false, desynchronized: true });
    if (!context) throw new Error('no 2d context');
    this.context = context;
    canvas.addEventListener('contextrestored', on_restored);
  }

  /** Where the picture lies on the page, in CSS pixels of the viewport; null before the first one. */
  get on_page(): DOMRect | null {
    return this.pictured ? this.canvas.getBoundingClientRect() : null;
  }

  /** The size of the canvas' parent, in device pixels. */
  resize(place: Size): void {
    this.place = place;
    this.layout();
  }

  clear(size: Size): void {
    const { canvas } = this;
    this.pictured = true;
    if (canvas.width === size.width && canvas.height === size.height) {
      this.fill('#000', { x: 0, y: 0, ...size });
      return;
    }
    canvas.width = size.width;
    canvas.height = size.height;
    this.layout();
  }

  video(frame: VideoFrame, { x, y, width, height }: Area, coded: Area): void {
    this.context.drawImage(frame, x - coded.x, y - coded.y, width, height, x, y, width, height);
  }

  /** A canvas drawn on itself is copied first (HTML, drawing images), so the two areas may overlap. */
  copy({ x, y, width, height, to_x, to_y }: Copy): void {
    this.context.drawImage(this.canvas, x, y, width, height, to_x, to_y, width, height);
  }

  tile(tile: Tile): void {
    if (tile.encoding === TileEncoding.Solid) {
      this.fill(`rgb(${solidColour(tile).join()})`, tile);
      return;
    }
    const pixels = new ImageData(this.decoder.decode(tile), tile.width, tile.height);
    this.context.putImageData(pixels, tile.x, tile.y);
  }

  private fill(colour: string, { x, y, width, height }: Area): void {
    this.context.fillStyle = colour;
    this.context.fillRect(x, y, width, height);
  }

  private layout(): void {
    const { canvas, place } = this;
    if (!this.pictured || place.width === 0) return;
    const rect = letterbox(canvas, place);
    const css = (pixels: number) => `${pixels / devicePixelRatio}px`;
    Object.assign(canvas.style, {
      left: css(rect.x), top: css(rect.y), width: css(rect.width), height: css(rect.height),
      // Pixel for pixel nothing may be smoothed, not even where the page lies between device pixels.
      imageRendering: rect.width === canvas.width && rect.height === canvas.height ? 'pixelated' : 'auto',
    });
  }
}
