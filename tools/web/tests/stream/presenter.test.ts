// Goal: VIDEO and TILES reach the surface in the order they came, each once and whole, each acknowledged once;
// what is lost leaves no hole behind. Method: the real decoder class over a fake WebCodecs that hands pictures
// out when the test says so, and a surface that writes down what it is told.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { StreamDecoder } from '../../src/stream/decoder';
import { Presenter } from '../../src/stream/presenter';
import { WireError } from '../../src/wire/protocol';
import type { Operation, PictureHead, Tiles, Video } from '../../src/wire/pictures';

const kUnit = Uint8Array.from([0, 0, 1, 0x67, 0x42, 0xc0, 0x1f, 0]);

class FakeVideoDecoder {
  static newest: FakeVideoDecoder;
  state = 'unconfigured';
  chunks: number[] = [];
  open = 0;
  constructor(private readonly init: { output(frame: unknown): void; error(error: Error): void }) {
    FakeVideoDecoder.newest = this;
  }
  configure(): void {
    this.state = 'configured';
  }
  decode(chunk: { timestamp: number }): void {
    this.chunks.push(chunk.timestamp);
  }
  close(): void {
    this.state = 'closed';
  }
  /** The oldest picture comes out. */
  out(): void {
    this.open++;
    this.init.output({ timestamp: this.chunks.shift(), close: () => this.open-- });
  }
  break(): void {
    this.init.error(new Error('broken'));
  }
}

const head = (sequence: number, width_px = 100, height_px = 200): PictureHead => ({
  dropped_before: false, at_rest: false, sequence, input_sequence: 0, capture_time_us: 0, capture_us: 0,
  compose_us: 0, encode_us: 0, send_us: 0, width_px, height_px,
});
function video(sequence: number, more: Partial<Video> = {}): Video {
  const part = { x: 0, y: 0, width: more.width_px ?? 100, height: more.height_px ?? 200 };
  return { type: 'video', key: false, ...head(sequence), codec: 1, ...part, coded: part, data: kUnit, ...more };
}
const area = { x: 1, y: 2, width: 3, height: 4 };
const key = (sequence: number) => video(sequence, { key: true });
const part = (sequence: number) => video(sequence, area);
function tiles(sequence: number, ...operations: Operation[]): Tiles {
  return { type: 'tiles', ...head(sequence), operations: operations.length ? operations : [solid] };
}
const solid: Operation = { kind: 'tile', ...area, encoding: 0, data: Uint8Array.of(1, 2, 3) };
const copy: Operation = { kind: 'copy', ...area, to_x: 0, to_y: 0 };

function setUp() {
  const log: string[] = [];
  const refreshes: (() => void)[] = [];
  const page = { hidden: false, bad: false };
  const presenter: Presenter = new Presenter({
    clear: ({ width, height }) => log.push(`clear ${width}x${height}`),
    video: (_, { x, y, width, height }) => log.push(`video ${x},${y} ${width}x${height}`),
    copy: ({ to_x, to_y }) => log.push(`copy ${to_x},${to_y}`),
    tile: ({ x, y }) => {
      if (page.bad) throw new WireError('TILES.data: bad');
      log.push(`tile ${x},${y}`);
    },
  }, { hidden: () => page.hidden, next: (run) => refreshes.push(run) }, {
    on_drawn: ({ message }) => log.push(`drawn ${message.sequence}`),
    on_dropped: ({ sequence }) => log.push(`dropped ${sequence}`),
    on_hole: () => decoder.requestKey(performance.now()),
    on_stuck: () => decoder.fail(performance.now()),
    on_invalid: ({ message }) => log.push(message),
  });
  const decoder = new StreamDecoder(false, {
    on_picture: (picture) => presenter.decoded(picture),
    on_lost: (lost) => presenter.lost(lost),
    on_need_key: () => log.push('key?'),
  });
  return {
    presenter, page,
    receive(...messages: (Video | Tiles)[]): void {
      for (const message of messages) {
        if (message.type === 'tiles') presenter.tiles(message, performance.now());
        else {
          presenter.video(message, performance.now());
          decoder.decode(message, performance.now());
        }
      }
    },
    out: () => FakeVideoDecoder.newest.out(),
    refresh: () => refreshes.splice(0).forEach((run) => run()),
    /** What has happened since the last call. */
    seen: () => log.splice(0),
  };
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('VideoDecoder', FakeVideoDecoder);
  vi.stubGlobal('EncodedVideoChunk', class {
    timestamp: number;
    constructor(init: { timestamp: number }) {
      this.timestamp = init.timestamp;
    }
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('order', () => {
  test('TILES wait for the VIDEO before them, and each VIDEO for the TILES before it', () => {
    const it = setUp();
    it.receive(key(1), tiles(2, copy, solid), part(3), tiles(4));
    expect(it.seen()).toEqual([]);
    it.out();
    expect(it.seen()).toEqual(['clear 100x200', 'video 0,0 100x200', 'copy 0,0', 'tile 1,2']);
    it.out();
    expect(it.seen()).toEqual(['video 1,2 3x4', 'tile 1,2']);
    it.refresh();
    expect(it.seen()).toEqual(['drawn 1', 'drawn 2', 'drawn 3', 'drawn 4']);
    it.refresh();
    expect(it.seen()).toEqual([]);
  });
  test('TILES alone are drawn at once, on black', () => {
    const it = setUp();
    it.receive(tiles(1));
    expect(it.seen()).toEqual(['clear 100x200', 'tile 1,2']);
  });
  test('each decoded picture is drawn, also of several within one refresh, and closed', () => {
    const it = setUp();
    it.receive(key(1), part(2), part(3));
    for (let i = 0; i < 3; i++) it.out();
    expect(it.seen()).toEqual(['clear 100x200', 'video 0,0 100x200', 'video 1,2 3x4', 'video 1,2 3x4']);
    expect(FakeVideoDecoder.newest.open).toBe(0);
  });
});

describe('the size of the picture', () => {
  test('another size makes it black, but not before something is drawn on it', () => {
    const it = setUp();
    it.presenter.display({ width: 100, height: 200 });
    it.receive(tiles(1));
    it.seen();
    it.presenter.display({ width: 300, height: 200 });
    expect(it.seen()).toEqual([]);
    it.receive({ ...tiles(2), width_px: 300 });
    expect(it.seen()).toEqual(['clear 300x200', 'tile 1,2']);
    it.receive(tiles(3), tiles(4));
    expect(it.seen()).toEqual(['clear 100x200', 'tile 1,2', 'tile 1,2']);
  });
  test('a display that comes back to its size starts black, too; one that stays keeps its picture', () => {
    const it = setUp();
    it.receive(tiles(1));
    it.presenter.display({ width: 100, height: 200 });
    it.receive(tiles(2));
    expect(it.seen()).toEqual(['clear 100x200', 'tile 1,2', 'tile 1,2']);
    it.presenter.display({ width: 300, height: 200 });
    it.presenter.display({ width: 100, height: 200 });
    it.receive(tiles(3));
    expect(it.seen()).toEqual(['clear 100x200', 'tile 1,2']);
  });
  test('DISPLAY keeps its place behind a VIDEO that is being decoded', () => {
    const it = setUp();
    it.receive(key(1));
    it.presenter.display({ width: 300, height: 200 });
    it.receive({ ...tiles(2), width_px: 300 });
    it.out();
    expect(it.seen()).toEqual(['clear 100x200', 'video 0,0 100x200', 'clear 300x200', 'tile 1,2']);
  });
});

describe('what is lost', () => {
  test('a failed decoder: everything is dropped until a VIDEO of the whole picture', () => {
    const it = setUp();
    it.receive(key(1));
    it.out();
    it.receive(part(2), tiles(3));
    it.refresh();
    it.seen();
    FakeVideoDecoder.newest.break();
    expect(it.seen()).toEqual(['dropped 2', 'dropped 3', 'key?']);
    it.receive(tiles(4), part(5));
    expect(it.seen()).toEqual(['dropped 4', 'dropped 5']);
    it.receive(video(6, { key: true, ...area }), key(7), tiles(8));
    it.out();
    expect(it.seen()).toEqual(['dropped 6']);
    it.out();
    expect(it.seen()).toEqual(['video 0,0 100x200', 'tile 1,2']);
    it.refresh();
    expect(it.seen()).toEqual(['drawn 7', 'drawn 8']);
    expect(FakeVideoDecoder.newest.open).toBe(0);
  });
  test('a key is asked for again until one comes', () => {
    const it = setUp();
    it.receive(part(1));
    expect(it.seen()).toEqual(['dropped 1', 'key?']);
    vi.advanceTimersByTime(1100);
    expect(it.seen()).toEqual(['key?', 'key?']);
    it.receive(key(2));
    it.out();
    vi.advanceTimersByTime(10_000);
    expect(it.seen()).toEqual(['clear 100x200', 'video 0,0 100x200']);
  });
  test('a canvas that lost its memory', () => {
    const it = setUp();
    it.receive(key(1));
    it.out();
    it.seen();
    it.presenter.forget();
    expect(it.seen()).toEqual(['key?']);
    it.receive(tiles(2), part(3), video(4));
    it.out();
    it.out();
    expect(it.seen()).toEqual(['dropped 2', 'dropped 3', 'video 0,0 100x200']);
  });
  test('a decoder that gives nothing back is given up', () => {
    const it = setUp();
    it.receive(key(1), ...Array.from({ length: 64 }, (_, i) => tiles(2 + i)));
    const seen = it.seen();
    expect(seen.filter((line) => line.startsWith('dropped'))).toHaveLength(65);
    expect(seen).toContain('key?');
  });
  test('a tile that cannot be unpacked is the stream’s end', () => {
    const it = setUp();
    it.page.bad = true;
    it.receive(tiles(1));
    it.refresh();
    expect(it.seen()).toEqual(['clear 100x200', 'TILES.data: bad']);
  });
});

test('a hidden page applies and tells at once; what waited for its refresh is told when it hides', () => {
  const it = setUp();
  it.receive(tiles(1));
  it.page.hidden = true;
  it.presenter.flush();
  it.receive(tiles(2));
  expect(it.seen()).toEqual(['clear 100x200', 'tile 1,2', 'drawn 1', 'tile 1,2', 'drawn 2']);
  it.refresh();
  expect(it.seen()).toEqual([]);
});

test('a new connection starts black and tells nothing of the old one', () => {
  const it = setUp();
  it.receive(tiles(1), key(2), tiles(3));
  it.seen();
  it.presenter.restart();
  it.refresh();
  it.out();
  expect(it.seen()).toEqual([]);
  expect(FakeVideoDecoder.newest.open).toBe(0);
  it.receive(tiles(1));
  expect(it.seen()).toEqual(['clear 100x200', 'tile 1,2']);
});
