// Goal: the phone feels like one: it shows, answers taps and typing, takes the window's shape and turns.
// Method: real input events in; what comes back is read from the canvas.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { context, distance, kHandheld, noProblems, PhonePage, phones, until } from './browser.mjs';
import { world } from './world.mjs';

describe('phone view', () => {
  let it, page, phone;
  before(async () => {
    it = await context(world.browser, {}, world.state);
    page = await it.newPage();
  });
  after(async () => it?.close());

  test('opens from the list and shows a picture', async () => {
    await page.goto(world.stack.url);
    const card = page.locator(`rp-phones [data-phone="${phones.tap}"]`);
    await card.getByRole('button', { name: /^Open/ }).click();
    phone = new PhonePage(page);
    await phone.live();
    const { width, height } = await phone.size();
    assert.ok(height > width, 'a phone stands upright by default');
  });

  test('a tap changes the colour', async () => {
    const before_ = await phone.pixel();
    await phone.tap();
    await phone.colorChanges(before_);
  });

  test('typed text comes back from the terminal', async () => {
    if (phones.terminal !== phones.tap) phone = await PhonePage.open(page, world.stack.url, phones.terminal);
    for (const [color, rgb] of [['#cc3300', [204, 51, 0]], ['#004499', [0, 68, 153]]]) {
      await phone.type(`printf '\\033]11;${color}\\007'`);
      await page.keyboard.press('Enter');
      await phone.colorIs(rgb);
    }
  });

  test('the display takes the size of its place, in device pixels', async () => {
    await phone.showStatistics();
    for (const viewport of [{ width: 900, height: 700 }, { width: 1280, height: 800 }]) {
      await page.setViewportSize(viewport);
      await sizesMatch(phone);
    }
    await phone.press('fit');
    await sizesMatch(phone);
    assert.deepEqual(await phone.size(), { width: 1280, height: 800 });
    await phone.press('fit');
    await sizesMatch(phone);
  });

  test('rotating lays it on its side and back', async () => {
    await phone.press('rotate');
    await until('the canvas is wide', async () => (await phone.size()).width > (await phone.size()).height);
    await sizesMatch(phone);
    for (let turns = 1; turns < 4; turns++) {
      await phone.press('rotate');
      await until('the turn has arrived', async () => {
        const { width, height } = await phone.size();
        return turns % 2 ? height > width : width > height;
      });
    }
    await sizesMatch(phone);
  });

  test('Shift+Escape brings the keyboard to the controls', async () => {
    await phone.tap();
    await page.keyboard.press('Shift+Escape');
    const action = await phone.toolbar.evaluate((bar) => bar.shadowRoot.activeElement?.dataset.action);
    assert.equal(action, 'back');
  });

  test('pasting brings this computer’s clipboard', async (t) => {
    if (world.stack.real) return t.skip('the stand-in phone prints what it got; a terminal needs Ctrl+Shift+V');
    await page.evaluate(() => navigator.clipboard.writeText('from outside'));
    await phone.tap();
    await page.keyboard.type('copy from inside', { delay: 5 });
    await page.keyboard.press('Enter');
    await until('the phone’s clipboard is here', async () => {
      const text = await page.evaluate(() => navigator.clipboard.readText());
      if (text !== 'from inside') throw new Error(`it is ${JSON.stringify(text)}; offered: ${await phone.view.locator('.toast').innerText()}`);
      return true;
    });
  });

  test('nothing went wrong in the console, nothing left the server', () => noProblems(it));
});

describe('on a phone', () => {
  test('fills the screen at its density and takes fingers', async () => {
    const it = await context(world.browser, kHandheld, world.state);
    const page = await it.newPage();
    const phone = await PhonePage.open(page, world.stack.url, phones.tap);
    assert.deepEqual(await phone.size(), { width: 720, height: 1480 });
    const before_ = await phone.pixel();
    await page.touchscreen.tap(180, 300);
    const after_ = await phone.colorChanges(before_);
    assert.ok(distance(before_, after_) > 40);
    noProblems(it);
    await it.close();
  });
});

/** The stream's size is its place's (but for a pixel that makes a side even), and the canvas shows it unscaled. */
async function sizesMatch(phone) {
  await until('the stream has the size of its place', async () => {
    const [width, height] = (await phone.stat('size')).split(' × ').map(Number);
    const canvas = await phone.size();
    const shown = await phone.canvas.boundingBox();
    const place = await phone.box.boundingBox();
    const close = (a, b) => a.width <= b.width && b.width - a.width < 2 && a.height <= b.height && b.height - a.height < 2;
    if (width === canvas.width && height === canvas.height && close(canvas, place) &&
      shown.width === canvas.width && shown.height === canvas.height) return true;
    const text = (size) => `${size.width} × ${size.height}`;
    throw new Error(`stream ${width} × ${height}, canvas ${text(canvas)}, shown as ${text(shown)}, place ${text(place)}`);
  });
}
