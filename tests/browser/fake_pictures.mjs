// H.264 pictures for the stand-in engine, made by ffmpeg: single colours (one key frame each, cached) and a
// moving test pattern.

import { spawn } from 'node:child_process';

const x264 = [
  '-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-profile:v', 'baseline', '-pix_fmt', 'yuv420p',
  '-color_range', 'tv', '-colorspace', 'bt709', '-color_primaries', 'bt709', '-color_trc', 'bt709',
];

function ffmpeg(args) {
  return new Promise((resolve, reject) => {
    const child = spawn('ffmpeg', ['-hide_banner', '-loglevel', 'error', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    const parts = [];
    child.stdout.on('data', (part) => parts.push(part));
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve(Buffer.concat(parts)) : reject(new Error(`ffmpeg: ${code}`))));
  });
}

const cache = new Map();

/** One access unit, a key frame: `color` (#rrggbb) with a lighter bar at the bottom, `typed` characters long. */
export function colorPicture({ width, height, color, typed }) {
  const name = `${width}x${height} ${color} ${typed}`;
  if (!cache.has(name)) {
    const bar = Math.max(2, Math.min(width, typed * 12));
    cache.set(name, ffmpeg([
      '-f', 'lavfi', '-i', `color=c=${color}:s=${width}x${height}:r=1`, '-frames:v', '1',
      '-vf', `drawbox=x=0:y=ih-24:w=${bar}:h=12:c=white@0.6:t=fill,scale=out_color_matrix=bt709`,
      ...x264, '-f', 'h264', '-',
    ]));
  }
  return cache.get(name);
}

/** `seconds` of a moving pattern at 60 pictures a second, as access units; the first is a key frame. */
export async function motion({ width, height, seconds }) {
  const stream = await ffmpeg([
    '-f', 'lavfi', '-i', `testsrc2=s=${width}x${height}:r=60:d=${seconds}`, ...x264,
    '-x264-params', `aud=1:keyint=${seconds * 60}:scenecut=0`, '-f', 'h264', '-',
  ]);
  const starts = [];
  for (let at = stream.indexOf('0000000109', 0, 'hex'); at >= 0; at = stream.indexOf('0000000109', at + 4, 'hex')) starts.push(at);
  return starts.map((start, i) => stream.subarray(start, starts[i + 1] ?? stream.length));
}
