// Goal: the figures of issue 2: input_to_photon p50 and p95, measured by the page itself.
// Method: taps at irregular times, each answered by a new colour; the statistics overlay is read.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { context, PhonePage, phones, until } from './browser.mjs';
import { world } from './world.mjs';

const kTaps = Number(process.env.RACKPHONE_TAPS ?? 60);

test('input to picture', async (t) => {
  const it = await context(world.browser, {}, world.state);
  const phone = await PhonePage.open(await it.newPage(), world.stack.url, phones.tap);
  await phone.showStatistics();
  for (let i = 0; i < kTaps; i++) {
    const before_ = await phone.pixel();
    await phone.tap();
    await phone.colorChanges(before_);
    await new Promise((resolve) => setTimeout(resolve, (i * 37) % 90));
  }
  const shown = await until('the overlay shows it', async () => /([\d.]+) ms · p95 ([\d.]+) ms/.exec(await phone.stat('input')));
  t.diagnostic(`input_to_photon_ms p50 ${shown[1]} p95 ${shown[2]}, ${kTaps} taps; round trip ${await phone.stat('rtt')}, ` +
    `decode ${await phone.stat('decode')}, server ${await phone.stat('server')}`);
  assert.ok(Number(shown[1]) > 0 && Number(shown[2]) < 2000);
  await it.close();
});
