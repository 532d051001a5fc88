// Goal: after a cut the same phone is back by itself within 1 s, its last picture staying meanwhile.
// Method: a proxy ends the connections; time runs until a new picture is drawn on the canvas.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { context, noProblems, PhonePage, phones, until } from './browser.mjs';
import { world } from './world.mjs';

const kRounds = Number(process.env.RACKPHONE_RECONNECTS ?? 7);

test('a dropped connection is back within 1 s', async (t) => {
  const it = await context(world.browser, {}, world.state);
  const phone = await PhonePage.open(await it.newPage(), world.stack.url, phones.tap);
  await phone.showStatistics();
  const times_ms = [];
  for (let round = 0; round < kRounds; round++) {
    const back = await phone.view.evaluateHandle((view) => {
      let lost = null;
      const result = { time_ms: null };
      new MutationObserver((_, observer) => {
        const phase = view.getAttribute('phase');
        if (phase === 'reconnecting') lost ??= performance.now();
        if (phase === 'live' && lost !== null) {
          observer.disconnect();
          result.time_ms = performance.now() - lost;
        }
      }).observe(view, { attributeFilter: ['phase'] });
      return result;
    });
    world.stack.proxy.drop();
    times_ms.push(await until('it is back', () => back.evaluate((result) => result.time_ms)));
  }
  times_ms.sort((a, b) => a - b);
  t.diagnostic(`reconnect_ms p50 ${Math.round(times_ms[times_ms.length >> 1])} max ${Math.round(times_ms.at(-1))} of ${kRounds}`);
  assert.ok(times_ms.at(-1) < 1000, `the slowest took ${times_ms.at(-1)} ms`);
  const before_ = await phone.pixel();
  await phone.tap();
  await phone.colorChanges(before_);
  noProblems(it);
  await it.close();
});

test('a longer cut: the picture stays, dimmed, and the phone is back soon after the network', async (t) => {
  const it = await context(world.browser, {}, world.state);
  const page = await it.newPage();
  const phone = await PhonePage.open(page, world.stack.url, phones.tap);
  const picture = await phone.pixel();
  world.stack.proxy.cut();
  try {
    await until('the page has noticed', async () => (await phone.view.getAttribute('phase')) === 'reconnecting', 4000);
    await page.getByText('Coming back').waitFor();
    // A picture at rest still gets finer, which may come between the two.
    for (const [i, value] of (await phone.pixel()).entries()) assert.ok(Math.abs(value - picture[i]) <= 4);
  } finally {
    world.stack.proxy.heal();
  }
  const healed = performance.now();
  await page.evaluate(() => window.dispatchEvent(new Event('online')));
  await phone.live(5000);
  const back_ms = performance.now() - healed;
  t.diagnostic(`back ${Math.round(back_ms)} ms after the network`);
  assert.ok(back_ms < 1000);
  noProblems(it);
  await it.close();
});

test('a second device takes over, and it can be taken back', async () => {
  const it = await context(world.browser, {}, world.state);
  const first = await PhonePage.open(await it.newPage(), world.stack.url, phones.tap);
  const other = await context(world.browser, {}, world.state);
  await PhonePage.open(await other.newPage(), world.stack.url, phones.tap);
  const back = first.view.getByRole('button', { name: 'Take it back' });
  await back.click({ timeout: 5000 });
  await first.live();
  noProblems(it);
  await it.close();
  await other.close();
});

test('a full server is waited for, and it is said of what it is full', async (t) => {
  if (world.stack.real) return t.skip('a real one is not full');
  const it = await context(world.browser, {}, world.state);
  const page = await it.newPage();
  const phone = await PhonePage.open(page, world.stack.url, phones.tap);
  const stand_in = `${world.stack.url}/stand-in/${phones.tap}`;
  await fetch(`${stand_in}?code=4430&reason=the server is full: no encoder is free`, { method: 'DELETE' });
  await page.getByText('The server is full: no encoder is free').waitFor();
  await page.evaluate(() => window.dispatchEvent(new Event('online')));
  await phone.live(5000);
  noProblems(it);
  await it.close();
});
