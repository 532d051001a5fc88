// Finds the sequence parameter set in an Annex B access unit and names its codec as RFC 6381 does:
// "avc1." and the three bytes profile_idc, constraint flags, level_idc (ITU-T H.264, 7.3.2.1.1).

const kNalSps = 7;

export function codecFromAccessUnit(unit: Uint8Array): string | null {
  for (let at = 0; at + 6 < unit.length; at++) {
    if (unit[at] !== 0 || unit[at + 1] !== 0 || unit[at + 2] !== 1) continue;
    if ((unit[at + 3]! & 0x1f) !== kNalSps) continue;
    const hex = [unit[at + 4]!, unit[at + 5]!, unit[at + 6]!].map((b) => b.toString(16).padStart(2, '0'));
    return `avc1.${hex.join('').toUpperCase()}`;
  }
  return null;
}
