// Goal: what TILES and partly shown VIDEO make of the picture is right to the pixel, in any order, and each is
// acknowledged once. Method: messages are sent through the stand-in engine; a model of the picture in this test
// is changed in the same way, and the page's canvas has to equal it (of video: outside the part that is shown).

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { context, distance, kHandheld, noProblems, PhonePage, until } from './browser.mjs';
import { colorPicture } from './fake_pictures.mjs';
import * as wire from './fake_wire.mjs';
import { Model, Random, randomArea, randomCopy, randomTile } from './picture_model.mjs';
import { world } from './world.mjs';

const kSteps = Number(process.env.RACKPHONE_TILE_STEPS ?? 120);

/** The drawing board of the stand-in engine: what it shows is what a spec sends. */
class Board {
  sequence = 0;

  static async open(page) {
    const board = new Board();
    const { connections } = await board.report();
    await page.goto(`${world.stack.url}/phones/told`);
    board.phone = new PhonePage(page);
    await until('the page is connected', async () => (await board.report()).connections > connections);
    board.size = await board.settledSize();
    board.model = new Model(board.size);
    return board;
  }
  async report(body) {
    const init = body ? { method: 'POST', body } : {};
    return (await fetch(`${world.stack.url}/stand-in/told`, init)).json();
  }
  /** The page asks for its size in HELLO; a layout that is still moving would ask again. */
  async settledSize() {
    await this.phone.page.evaluate(() => document.fonts.ready);
    return (await this.report()).size;
  }
  picture() {
    return { sequence: ++this.sequence, width: this.size.width, height: this.size.height };
  }
  tiles(operations) {
    return wire.tiles({ ...this.picture(), operations });
  }
  /** Decoded pictures of `coded`'s size, which is all of it unless given. */
  async video(color, part, key = true, coded = { x: 0, y: 0, ...this.size }) {
    const data = await colorPicture({ width: coded.width, height: coded.height, color, typed: 0 });
    return wire.video({ ...this.picture(), key, data, part, coded });
  }
  /** Sends it as one WebSocket message and waits until all of it has been answered. */
  async send(...messages) {
    await this.report(Buffer.concat(messages));
    await until(`${this.sequence} is answered`, async () => (await this.acks()).some(({ ack }) => ack === this.sequence));
  }
  async acks() {
    return (await this.report()).log.filter(({ ack }) => ack);
  }
  async keyRequests() {
    return (await this.report()).log.filter(({ key_request }) => key_request).length;
  }
  /** The canvas' pixels as RGBA. */
  async pixels() {
    const base64 = await this.phone.canvas.evaluate((canvas) => {
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      let text = '';
      for (let at = 0; at < data.length; at += 8192) text += String.fromCharCode(...data.subarray(at, at + 8192));
      return btoa(text);
    });
    return Buffer.from(base64, 'base64');
  }
  async same(what) {
    const fault = this.model.difference(await this.pixels());
    assert.equal(fault, null, `${what}: ${fault}`);
  }
  async answered() {
    const acks = await this.acks();
    assert.deepEqual(acks.map(({ ack }) => ack), Array.from({ length: this.sequence }, (_, i) => i + 1));
    return acks;
  }
}

const skip = () => world.stack.real && 'a real phone shows what it shows';

describe('lossless tiles', () => {
  let it, board;
  before(async () => {
    if (skip()) return;
    it = await context(world.browser, { viewport: { width: 500, height: 420 } }, world.state);
  });
  after(async () => it?.close());

  test('each encoding, and copies that overlap in each direction', async (t) => {
    if (skip()) return t.skip(skip());
    board = await Board.open(await it.newPage());
    const [hello] = (await board.report()).log;
    assert.equal(hello.features & wire.feature.lossless_tiles, 1, 'the page offers to take tiles');
    const random = new Random(7);
    const { size, model } = board;
    for (const kind of Object.values(wire.encoding)) {
      const area = { x: 7 + kind, y: 20 * kind, width: 61, height: 33 };
      await board.send(board.tiles([randomTile(random, model, area, kind)]));
      await board.same(`encoding ${kind}`);
    }
    const from = { x: 10, y: 11, width: 70, height: 90 };
    for (const [to_x, to_y] of [[10, 5], [10, 30], [4, 11], [23, 11], [3, 4], [30, 33], [10, 11]]) {
      await board.send(board.tiles([wire.copy(from, to_x, to_y)]));
      model.copy(from, to_x, to_y);
      await board.same(`copy to ${to_x}, ${to_y}`);
    }
    const all = { x: 0, y: 0, ...size };
    await board.send(board.tiles([randomTile(random, model, all, wire.encoding.rgb)]));
    await board.same('the whole picture');
  });

  test(`${kSteps} random changes`, async (t) => {
    if (skip()) return t.skip(skip());
    const random = new Random(Number(process.env.RACKPHONE_SEED ?? 11));
    for (let step = 0; step < kSteps; step++) {
      const operations = Array.from({ length: 1 + random.below(6) }, () =>
        random.below(3) ? randomTile(random, board.model) : randomCopy(random, board.model));
      await board.send(board.tiles(operations));
      await board.same(`step ${step}`);
    }
    assert.ok((await board.answered()).every(({ dropped }) => !dropped));
  });

  test('video shown in part, between tiles that must not overtake it', async (t) => {
    if (skip()) return t.skip(skip());
    const random = new Random(13);
    const { model } = board;
    for (let step = 0; step < 12; step++) {
      const part = randomArea(random, model, 40);
      const [color, rgb] = [['#285f9e', [40, 95, 158]], ['#b3392f', [179, 57, 47]]][step % 2];
      const under = board.tiles([randomTile(random, model)]);
      const video = await board.video(color, part);
      model.fuzzy(part, rgb);
      const over = board.tiles([randomTile(random, model), randomCopy(random, model)]);
      await board.send(under, video, over);
      await board.same(`step ${step}`);
    }
    assert.ok((await board.answered()).every(({ dropped }) => !dropped));
    noProblems(it);
  });

  test('video that is decoded for a window of the picture, of many sizes', async (t) => {
    if (skip()) return t.skip(skip());
    const random = new Random(17);
    const { model } = board;
    for (let step = 0; step < 12; step++) {
      const [color, rgb] = [['#285f9e', [40, 95, 158]], ['#b3392f', [179, 57, 47]]][step % 2];
      const side = (whole) => 64 + 16 * random.below(Math.floor((whole - 64) / 16) + 1);
      const [width, height] = [side(model.width), side(model.height)];
      const coded = { x: random.below(model.width - width + 1), y: random.below(model.height - height + 1), width, height };
      // Above the lighter bar of the picture's foot.
      const part = { x: coded.x + 3, y: coded.y + 5, width: width - 20, height: height - 60 };
      const video = await board.video(color, part, true, coded);
      model.fuzzy(part, rgb);
      await board.send(video, board.tiles([randomTile(random, model), randomCopy(random, model)]));
      await board.same(`step ${step}`);
    }
    assert.ok((await board.answered()).every(({ dropped }) => !dropped));
    noProblems(it);
  });

  test('without a key frame nothing is shown, until one comes', async (t) => {
    if (skip()) return t.skip(skip());
    board = await Board.open(await it.newPage());
    const random = new Random(17);
    await board.send(board.tiles([randomTile(random, board.model)]));
    const lost = await board.video('#b3392f', undefined, false);
    await board.send(lost, wire.tiles({ ...board.picture(), operations: [randomTile(random, new Model(board.size))] }));
    await board.same('after what was lost');
    await until('a key frame is asked for', () => board.keyRequests());
    const key = await board.video('#285f9e', undefined);
    board.model.fuzzy({ x: 0, y: 0, ...board.size }, [40, 95, 158], true);
    await board.send(key, board.tiles([randomTile(random, board.model)]));
    await board.same('after the key frame');
    assert.deepEqual((await board.answered()).map(({ dropped }) => dropped), [false, true, true, false, false]);

    const asked = await board.keyRequests();
    await board.phone.canvas.evaluate((canvas) => canvas.dispatchEvent(new Event('contextrestored')));
    await until('a key frame is asked for after the canvas was lost', async () => (await board.keyRequests()) > asked);
    await board.send(wire.tiles({ ...board.picture(), operations: [randomTile(random, new Model(board.size))] }));
    await board.same('on a canvas that was lost');
    assert.equal((await board.answered()).at(-1).dropped, true);
    await board.send(await board.video('#285f9e', undefined), board.tiles([randomTile(random, board.model)]));
    assert.equal((await board.answered()).at(-1).dropped, false);
    noProblems(it);
  });

  test('a tile that cannot be unpacked ends the stream', async (t) => {
    if (skip()) return t.skip(skip());
    const area = { x: 0, y: 0, width: 9, height: 9 };
    await board.report(board.tiles([wire.tile(area, wire.encoding.rgb, Buffer.from([0x10, 1]))]));
    await until('the view has ended', async () => (await board.phone.view.getAttribute('phase')) === 'ended');
  });
});

for (const [name, size] of Object.entries({ handheld: kHandheld, uneven: { viewport: { width: 701, height: 555 }, deviceScaleFactor: 1.5 } })) {
  test(`what is on the canvas is on the screen to the pixel: ${name}`, async (t) => {
    if (skip()) return t.skip(skip());
    const it = await context(world.browser, size, world.state);
    const page = await it.newPage();
    const board = await Board.open(page);
    const random = new Random(19);
    const tiles = bands(board.size).map((area) => randomTile(random, board.model, area, wire.encoding.plain));
    await board.send(board.tiles(tiles));
    await board.phone.live();
    const shot = await screenPixels(page, board.phone, size.deviceScaleFactor);
    assert.deepEqual([shot.width, shot.height], [board.size.width, board.size.height]);
    const fault = board.model.difference(shot.pixels);
    assert.equal(fault, null, fault);
    noProblems(it);
    await it.close();
  });
}

/** The whole picture in areas of at most 262,144 pixels, as a tile may have. */
function bands({ width, height }) {
  const rows = Math.floor(262_144 / width);
  const count = Math.ceil(height / rows);
  return Array.from({ length: count }, (_, i) => ({ x: 0, y: i * rows, width, height: Math.min(rows, height - i * rows) }));
}

/** What the browser shows where the canvas lies, without what lies over it. */
async function screenPixels(page, phone, density) {
  await phone.view.evaluate((view) => {
    for (const over of view.shadowRoot.querySelectorAll('rp-toolbar, rp-notice, rp-statistics, .toast')) over.remove();
  });
  await phone.canvas.evaluate((canvas) => Promise.all(canvas.getAnimations().map((animation) => animation.finished)));
  const png = (await page.screenshot({ scale: 'device' })).toString('base64');
  const box = await phone.canvas.boundingBox();
  const at = Object.fromEntries(Object.entries(box).map(([name, value]) => [name, Math.round(value * density)]));
  const base64 = await page.evaluate(async ([png_, { x, y, width, height }]) => {
    const image = new Image();
    image.src = `data:image/png;base64,${png_}`;
    await image.decode();
    const canvas = document.createElement('canvas');
    Object.assign(canvas, { width, height });
    const context_ = canvas.getContext('2d');
    context_.drawImage(image, -x, -y);
    const { data } = context_.getImageData(0, 0, width, height);
    let text = '';
    for (let i = 0; i < data.length; i += 8192) text += String.fromCharCode(...data.subarray(i, i + 8192));
    return btoa(text);
  }, [png, at]);
  return { width: at.width, height: at.height, pixels: Buffer.from(base64, 'base64') };
}
