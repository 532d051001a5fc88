// Goal: every view is usable in both colour schemes at desktop and phone width: nothing overflows, every
// control has a name and size. Method: measure the page; keep a picture of each for people to look at.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { context, kDesktop, kHandheld, noProblems, PhonePage, phones, shots } from './browser.mjs';
import { world } from './world.mjs';

const sizes = { desktop: kDesktop, handheld: kHandheld };

async function check(page, name) {
  await page.screenshot({ path: join(shots, `${name}.png`) });
  const faults = await page.evaluate(() => {
    const found = [];
    if (document.documentElement.scrollWidth > innerWidth) found.push(`scrolls sideways: ${document.documentElement.scrollWidth}`);
    const visit = (root) => {
      for (const element of root.querySelectorAll('*')) {
        if (element.shadowRoot) visit(element.shadowRoot);
        if (!['BUTTON', 'INPUT', 'SELECT'].includes(element.tagName) || !element.checkVisibility()) continue;
        const label = element.ariaLabel || element.innerText || element.labels?.[0]?.innerText;
        if (!label?.trim()) found.push(`${element.outerHTML.slice(0, 80)}: no name`);
        const pressed = ['radio', 'checkbox'].includes(element.type) ? element.labels[0] : element;
        const { width, height } = pressed.getBoundingClientRect();
        if (Math.min(width, height) < 24) found.push(`${label}: ${width} × ${height}`);
      }
    };
    visit(document);
    return found;
  });
  assert.deepEqual(faults, [], name);
}

for (const [size_name, size] of Object.entries(sizes)) {
  for (const colorScheme of ['light', 'dark']) {
    const suffix = `${size_name}-${colorScheme}`;
    test(`views, ${suffix}`, async () => {
      const out = await context(world.browser, { ...size, colorScheme });
      const out_page = await out.newPage();
      await out_page.goto(world.stack.url);
      await out_page.locator('rp-sign-in form').waitFor();
      await check(out_page, `sign-in-${suffix}`);
      await out.close();

      const it = await context(world.browser, { ...size, colorScheme }, world.state);
      const page = await it.newPage();
      await page.goto(world.stack.url);
      await page.locator('rp-phones [data-phone]').first().waitFor();
      await check(page, `phones-${suffix}`);
      await page.getByRole('button', { name: 'New phone' }).click();
      await page.getByRole('button', { name: 'Make it' }).waitFor();
      await check(page, `new-phone-${suffix}`);
      const phone = await PhonePage.open(page, world.stack.url, phones.tap);
      await phone.showStatistics();
      await page.waitForTimeout(700);
      await check(page, `phone-${suffix}`);
      await phone.press('settings');
      await check(page, `settings-${suffix}`);
      noProblems(it);
      await it.close();
    });
  }
}
