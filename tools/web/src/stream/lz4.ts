// Unpacks one block of LZ4 (the format's "LZ4 Block Format Description": no frame, no checksum) whose
// unpacked size is known. Bounds are checked on both sides; a block that breaks them is a WireError.

import { WireError } from '../wire/protocol';

const kMinMatch = 4;
/** From here on one call that copies a run costs less than a loop over its bytes. */
const kLongRun = 24;

/** Fills all of `out` from `block`, which must unpack to exactly that many bytes. */
export function unpackLz4(block: Uint8Array, out: Uint8Array): void {
  let from = 0;
  let to = 0;
  while (from < block.length) {
    const token = block[from++]!;
    let literals = token >> 4;
    if (literals === 15) {
      let more;
      do {
        more = block[from++] ?? bad('ends within a length');
        literals += more;
      } while (more === 255);
    }
    if (literals > block.length - from) bad('ends within literals');
    if (literals > out.length - to) bad('unpacks to more than its rectangle');
    if (literals >= kLongRun) out.set(block.subarray(from, from + literals), to);
    else for (let i = 0; i < literals; i++) out[to + i] = block[from + i]!;
    from += literals;
    to += literals;
    // The last sequence has no match.
    if (from === block.length) break;

    if (block.length - from < 2) bad('ends within an offset');
    const offset = block[from]! | (block[from + 1]! << 8);
    from += 2;
    if (offset === 0 || offset > to) bad('has a match from before its start');
    let length = token & 15;
    if (length === 15) {
      let more;
      do {
        more = block[from++] ?? bad('ends within a length');
        length += more;
      } while (more === 255);
    }
    length += kMinMatch;
    if (length > out.length - to) bad('unpacks to more than its rectangle');
    repeat(out, to, offset, length);
    to += length;
  }
  if (to < out.length) bad('unpacks to less than its rectangle');
}

/** Writes at `to` what lies `offset` before it; a match longer than its offset repeats itself. */
function repeat(out: Uint8Array, to: number, offset: number, length: number): void {
  if (length < kLongRun) {
    for (let i = to; i < to + length; i++) out[i] = out[i - offset]!;
  } else if (offset === 1) {
    out.fill(out[to - 1]!, to, to + length);
  } else {
    // What has been written doubles with each step, and always holds whole repetitions.
    const start = to - offset;
    for (let done = 0; done < length; ) {
      const step = Math.min(length - done, offset + done);
      out.copyWithin(to + done, start, start + step);
      done += step;
    }
  }
}

function bad(reason: string): never {
  throw new WireError(`TILES.data: the LZ4 block ${reason}`);
}
