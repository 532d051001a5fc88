// The picture as a page has to show it: RGB in memory, changed by the same operations that are sent. Of pixels
// that came by video only about the colour is known.

import { encoding, copy, tile } from './fake_wire.mjs';
import { packLz4 } from './pack_lz4.mjs';

/** How far video may be from its colour. */
const kTolerance = 12;

/** Numbers that are the same in every run (xorshift32). */
export class Random {
  constructor(seed) {
    this.state = seed;
  }
  below(limit) {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return (this.state >>> 0) % limit;
  }
}

export class Model {
  constructor({ width, height }) {
    this.width = width;
    this.height = height;
    this.rgb = Buffer.alloc(width * height * 3);
    /** For each pixel how much each of its colours may differ. */
    this.loose = Buffer.alloc(width * height);
  }

  /** `pixels` are red, green, blue of each pixel of the area. */
  write({ x, y, width, height }, pixels) {
    for (let row = 0; row < height; row++) {
      const to = (y + row) * this.width + x;
      pixels.copy(this.rgb, to * 3, row * width * 3, (row + 1) * width * 3);
      this.loose.fill(0, to, to + width);
    }
  }
  copy({ x, y, width, height }, to_x, to_y) {
    const rgb = Buffer.from(this.rgb);
    const loose = Buffer.from(this.loose);
    for (let row = 0; row < height; row++) {
      const from = (y + row) * this.width + x;
      const to = (to_y + row) * this.width + to_x;
      rgb.copy(this.rgb, to * 3, from * 3, (from + width) * 3);
      loose.copy(this.loose, to, from, from + width);
    }
  }
  /** Video of one colour. The stand-in's has a bar near its lower edge: nothing is said of that. */
  fuzzy({ x, y, width, height }, color) {
    for (let row = y; row < y + height; row++) {
      const bar = row >= this.height - 26 && row < this.height - 8;
      for (let column = x; column < x + width; column++) {
        const at = row * this.width + column;
        this.rgb.set(color, at * 3);
        this.loose[at] = bar && column < 8 ? 255 : kTolerance;
      }
    }
  }

  /** Where `rgba` is not this picture, in words; null if it is. */
  difference(rgba) {
    if (rgba.length !== this.width * this.height * 4) return `${rgba.length} bytes for ${this.width} × ${this.height}`;
    let faults = 0;
    let first = '';
    for (let at = 0; at < this.loose.length; at++) {
      let off = Math.abs(255 - rgba[at * 4 + 3]);
      for (let c = 0; c < 3; c++) off = Math.max(off, Math.abs(rgba[at * 4 + c] - this.rgb[at * 3 + c]));
      if (off <= this.loose[at]) continue;
      if (faults++ === 0) {
        first = `at ${at % this.width}, ${Math.floor(at / this.width)}: ${[...rgba.subarray(at * 4, at * 4 + 4)]} ` +
          `instead of ${[...this.rgb.subarray(at * 3, at * 3 + 3)]}`;
      }
    }
    return faults ? `${faults} pixels differ, the first ${first}` : null;
  }
}

export function randomArea(random, model, smallest = 1) {
  const side = (whole) => Math.min(whole, smallest + random.below(random.below(3) ? 40 : whole));
  const width = side(model.width);
  const height = side(model.height);
  return { x: random.below(model.width - width + 1), y: random.below(model.height - height + 1), width, height };
}

/** A COPY as bytes; the model is changed as it says. */
export function randomCopy(random, model) {
  const area = randomArea(random, model);
  const near = (at, side, whole) => {
    const wanted = random.below(2) ? at + random.below(17) - 8 : random.below(whole);
    return Math.min(whole - side, Math.max(0, wanted));
  };
  const to_x = near(area.x, area.width, model.width);
  const to_y = near(area.y, area.height, model.height);
  model.copy(area, to_x, to_y);
  return copy(area, to_x, to_y);
}

/** A TILE as bytes; the model is changed as it says. */
export function randomTile(random, model, area = randomArea(random, model), kind = random.below(4)) {
  const count = area.width * area.height;
  const colour = () => [random.below(256), random.below(256), random.below(256)];
  if (kind === encoding.solid) {
    const rgb = Buffer.from(colour());
    model.write(area, Buffer.alloc(count * 3, rgb));
    return tile(area, kind, rgb);
  }
  if (kind === encoding.palette) {
    const colours = Array.from({ length: 1 + random.below(random.below(2) ? 4 : 256) }, colour);
    const indices = Buffer.alloc(count);
    // In runs, as drawn pictures have them.
    for (let at = 0; at < count; ) {
      const end = Math.min(count, at + 1 + random.below(30));
      indices.fill(random.below(colours.length), at, end);
      at = end;
    }
    const pixels = Buffer.alloc(count * 3);
    indices.forEach((index, i) => pixels.set(colours[index], i * 3));
    model.write(area, pixels);
    return tile(area, kind, Buffer.concat([Buffer.from([colours.length - 1, ...colours.flat()]), packLz4(indices)]));
  }
  const pixels = Buffer.alloc(count * 3);
  for (let i = 0; i < pixels.length; i++) pixels[i] = random.below(4) || i < 9 ? random.below(256) : pixels[i - 9];
  model.write(area, pixels);
  return tile(area, kind, kind === encoding.plain ? pixels : packLz4(pixels));
}
