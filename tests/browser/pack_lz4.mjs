// Packs bytes as one LZ4 block: the plainest packer there is, for specs that need packed tiles.

const kMinMatch = 4;
/** The format's end: the last five bytes are literals, no match starts within the last twelve. */
const kLastLiterals = 5;
const kNoMatch = 12;

export function packLz4(bytes) {
  const out = [];
  const length = (value) => {
    for (value -= 15; value >= 255; value -= 255) out.push(255);
    if (value >= 0) out.push(value);
  };
  const seen = new Map();
  let anchor = 0;
  const literals = (end, match) => {
    const count = end - anchor;
    out.push((Math.min(15, count) << 4) | Math.min(15, match));
    length(count);
    for (let i = anchor; i < end; i++) out.push(bytes[i]);
  };
  for (let at = 0; at + kNoMatch <= bytes.length; ) {
    const four = bytes.readUInt32LE(at);
    const from = seen.get(four);
    seen.set(four, at);
    if (from === undefined || at - from > 65535) {
      at++;
      continue;
    }
    let match = kMinMatch;
    while (at + match < bytes.length - kLastLiterals && bytes[from + match] === bytes[at + match]) match++;
    literals(at, match - kMinMatch);
    out.push((at - from) & 255, (at - from) >> 8);
    length(match - kMinMatch);
    at += match;
    anchor = at;
  }
  literals(bytes.length, 0);
  return Buffer.from(out);
}
