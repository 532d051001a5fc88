// Goal: a phone at rest is shown exactly, pixel for pixel as its app drew it, and a picture that grew out of many
// small changes is the same as one that came whole. Method: the real stack; an app whose picture is known, and a
// terminal whose canvas is compared with that of a page opened anew.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { context, noProblems, PhonePage, phones, until } from './browser.mjs';
import { world } from './world.mjs';

/** As tests/support/app/picture.cc draws: these in the middle half of each side, one after the other. */
const kButton = [0x1e6fd9, 0xd9531e, 0x2fa84f, 0x8a3fc4];
const kAround = 0xf4f4f2;
const skip = () => !world.stack.real && 'the stand-in engine sends what specs tell it';

test('an app’s picture comes to the page without loss', async (t) => {
  if (skip()) return t.skip(skip());
  const it = await context(world.browser, {}, world.state);
  const phone = await PhonePage.open(await it.newPage(), world.stack.url, phones.tap);
  for (let tap = 0; tap < 3; tap++) {
    await phone.tap();
    await until('each pixel is the app’s', async () => {
      const wrong = await phone.canvas.evaluate(buttonFaults, [kButton, kAround]);
      if (wrong === 0) return true;
      throw new Error(`${wrong} pixels are not`);
    });
  }
  noProblems(it);
  await it.close();
});

/** Runs in the page: how many pixels differ from the button's picture in the colour that its middle has. */
function buttonFaults(canvas, [colours, around]) {
  const { width, height } = canvas;
  const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
  const at = (x, y) => {
    const i = (y * width + x) * 4;
    return (data[i] << 16) | (data[i + 1] << 8) | data[i + 2];
  };
  const quarter = (side) => [Math.floor(side / 4), Math.floor((side * 3) / 4)];
  const [left, right] = quarter(width);
  const [top, bottom] = quarter(height);
  const middle = at(width >> 1, height >> 1);
  if (!colours.includes(middle)) return width * height;
  let wrong = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const inside = x >= left && x < right && y >= top && y < bottom;
      if (at(x, y) !== (inside ? middle : around)) wrong++;
    }
  }
  return wrong;
}

test('typed text is the same picture as one that came whole', async (t) => {
  if (skip()) return t.skip(skip());
  const it = await context(world.browser, {}, world.state);
  const page = await it.newPage();
  const phone = await PhonePage.open(page, world.stack.url, phones.terminal);
  await phone.tap();
  await phone.type('for i in $(seq 70); do echo "$i the quick brown fox"; sleep 0.02; done; clear; seq 9');
  await page.keyboard.press('Enter');
  await phone.type('echo and again');
  await page.keyboard.press('Enter');
  const grown = await atRest(phone);
  await page.reload();
  await phone.live();
  await until('the picture that came whole is the same', async () => (await pixels(phone)) === grown, 20_000);
  assert.ok(grown.length > 1000);
  noProblems(it);
  await it.close();
});

/** The canvas' pixels, as text that can be compared. */
function pixels(phone) {
  return phone.canvas.evaluate((canvas) => canvas.toDataURL('image/png'));
}

/** The pixels once they have stayed the same for two seconds. */
async function atRest(phone) {
  let last = await pixels(phone);
  let since = performance.now();
  await until('the picture is at rest', async () => {
    const now = await pixels(phone);
    if (now !== last) since = performance.now();
    last = now;
    return performance.now() - since > 2000;
  }, 30_000);
  return last;
}
