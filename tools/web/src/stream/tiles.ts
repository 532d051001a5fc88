// A tile's data as pixels. One decoder holds the memory for the largest tile and uses it again for each.

import { kMaxTilePixels, TileEncoding, WireError } from '../wire/protocol';
import type { Tile } from '../wire/pictures';
import { unpackLz4 } from './lz4';

const kMaxColours = 256;

/** Red, green, blue of a SOLID tile. */
export function solidColour({ data }: Tile): [number, number, number] {
  if (data.length !== 3) throw new WireError('TILES.bytes: not 3 for one colour');
  return [data[0]!, data[1]!, data[2]!];
}

export class TileDecoder {
  private readonly rgba = new Uint8ClampedArray(kMaxTilePixels * 4);
  private readonly pixels = new Uint32Array(this.rgba.buffer);
  private readonly unpacked = new Uint8Array(kMaxTilePixels * 3);
  private readonly palette = new Uint8Array(kMaxColours * 4);
  private readonly palette_pixels = new Uint32Array(this.palette.buffer);

  /** RGBA of a tile that is not SOLID: opaque, rows from the top. Borrowed: the next call writes over it. */
  decode(tile: Tile): Uint8ClampedArray<ArrayBuffer> {
    const count = tile.width * tile.height;
    switch (tile.encoding) {
      case TileEncoding.Palette: {
        const colours = (tile.data[0] ?? 0) + 1;
        const block = 1 + colours * 3;
        if (tile.data.length < block) throw new WireError('TILES.bytes: too few for the palette');
        const indices = this.unpacked.subarray(0, count);
        unpackLz4(tile.data.subarray(block), indices);
        this.fromPalette(tile.data.subarray(1, block), indices);
        break;
      }
      case TileEncoding.Rgb: {
        const rgb = this.unpacked.subarray(0, count * 3);
        unpackLz4(tile.data, rgb);
        expand(rgb, this.rgba);
        break;
      }
      case TileEncoding.Plain:
        if (tile.data.length !== count * 3) throw new WireError('TILES.bytes: not 3 a pixel');
        expand(tile.data, this.rgba);
    }
    return this.rgba.subarray(0, count * 4);
  }

  /** Whole pixels are copied as words, whatever the machine's byte order. */
  private fromPalette(rgb: Uint8Array, indices: Uint8Array): void {
    const { palette, palette_pixels, pixels } = this;
    expand(rgb, palette);
    let highest = 0;
    for (let i = 0; i < indices.length; i++) {
      const index = indices[i]!;
      if (index > highest) highest = index;
      pixels[i] = palette_pixels[index]!;
    }
    if (highest >= rgb.length / 3) throw new WireError('TILES.data: an index beyond the palette');
  }
}

/** Three bytes a pixel become four, opaque. */
function expand(rgb: Uint8Array, rgba: Uint8Array | Uint8ClampedArray): void {
  for (let from = 0, to = 0; from < rgb.length; from += 3, to += 4) {
    rgba[to] = rgb[from]!;
    rgba[to + 1] = rgb[from + 1]!;
    rgba[to + 2] = rgb[from + 2]!;
    rgba[to + 3] = 255;
  }
}
