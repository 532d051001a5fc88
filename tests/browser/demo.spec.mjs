// Goal: the demo phone is what a newcomer sees first: Phosh comes up, an app opens at a tap, and the picture for the
// README is taken. Method: the real stack only; how much of the canvas changes is counted.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { context, noProblems, PhonePage, shots, until } from './browser.mjs';
import { world } from './world.mjs';

const demo = process.env.RACKPHONE_DEMO_PHONE;

test('the demo phone shows its shell and opens an app', { skip: demo ? false : 'no demo phone on this stack' }, async () => {
  const it = await context(world.browser, { viewport: { width: 1280, height: 860 }, deviceScaleFactor: 2 }, world.state);
  const page = await it.newPage();
  const phone = await PhonePage.open(page, world.stack.url, demo);
  await until('the shell has come up', async () => (await colours(phone)) > 12, 90_000);
  await settled(phone);
  await page.screenshot({ path: join(shots, 'demo-home.png') });
  const home = await sample(phone);
  await phone.tap(0.575, 0.203); // the calculator, third of the favourites
  const changed = await until('the tap changes the picture', async () => difference(home, await sample(phone)) > 0.05, 20_000)
    .catch(() => false);
  await settled(phone);
  await page.screenshot({ path: join(shots, 'demo-app.png') });
  assert.ok(changed, 'a tap on an app changed nothing');
  noProblems(it);
  await it.close();
});

/** Every 16th pixel of the canvas, as RGBA. */
function sample(phone) {
  return phone.canvas.evaluate((canvas) => {
    const copy = document.createElement('canvas');
    copy.width = canvas.width >> 4;
    copy.height = canvas.height >> 4;
    const context_ = copy.getContext('2d', { willReadFrequently: true });
    context_.drawImage(canvas, 0, 0, copy.width, copy.height);
    return [...context_.getImageData(0, 0, copy.width, copy.height).data];
  });
}

function difference(a, b) {
  let changed = 0;
  for (let i = 0; i < a.length; i += 4) {
    if (Math.max(Math.abs(a[i] - b[i]), Math.abs(a[i + 1] - b[i + 1]), Math.abs(a[i + 2] - b[i + 2])) > 24) changed++;
  }
  return a.length === b.length ? changed / (a.length / 4) : 1;
}

async function colours(phone) {
  const seen = new Set();
  const pixels = await sample(phone);
  for (let i = 0; i < pixels.length; i += 4) seen.add(`${pixels[i] >> 4},${pixels[i + 1] >> 4},${pixels[i + 2] >> 4}`);
  return seen.size;
}

/** The picture has stayed the same for a second; animations are over. */
async function settled(phone) {
  let last = await sample(phone);
  let since = Date.now();
  await until('the picture is at rest', async () => {
    const now = await sample(phone);
    if (difference(last, now) > 0.002) since = Date.now();
    last = now;
    return Date.now() - since > 1000;
  }, 30_000);
}
