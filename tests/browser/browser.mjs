// A real Chromium (Debian's), and what the specs need to know about the page: how to sign in once, open a
// phone, read a colour back from its canvas, wait for something to become true.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];
export const shots = process.env.RACKPHONE_SHOTS ?? fileURLToPath(new URL('../../build/browser/', import.meta.url));
export const kDesktop = { viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1 };
export const kHandheld = { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };

export function launch() {
  mkdirSync(shots, { recursive: true });
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: flags });
}

/** A browser context that is signed in when `state` is given. Console errors fail the spec that made them. */
export async function context(browser, options = {}, state = undefined) {
  const made = await browser.newContext({ ignoreHTTPSErrors: true, ...kDesktop, ...options, storageState: state });
  await made.grantPermissions(['clipboard-read', 'clipboard-write']);
  made.problems = [];
  made.on('console', (m) => m.type() === 'error' && !/net::ERR_|Failed to load resource|WebSocket connection/.test(m.text()) && made.problems.push(m.text()));
  made.on('weberror', (e) => made.problems.push(String(e.error())));
  made.on('request', (r) => {
    const url = new URL(r.url());
    if (!['localhost', '127.0.0.1', ''].includes(url.hostname)) made.problems.push(`third-party request: ${r.url()}`);
  });
  return made;
}

export async function until(what, check, timeout_ms = 10_000) {
  const end = performance.now() + timeout_ms;
  let last;
  while (performance.now() < end) {
    try {
      last = await check();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
  throw new Error(`${what}: not within ${timeout_ms} ms (last: ${last instanceof Error ? last.message : JSON.stringify(last)})`);
}

export class PhonePage {
  constructor(page) {
    this.page = page;
    this.view = page.locator('rp-phone');
    this.box = this.view.locator('.box');
    this.canvas = this.box.locator('> canvas');
    this.toolbar = this.view.locator('rp-toolbar');
  }

  static async open(page, url, id) {
    await page.goto(`${url}/phones/${id}`);
    const phone = new PhonePage(page);
    await phone.live();
    return phone;
  }
  live(timeout_ms = 30_000) {
    return until('the phone view is live', async () => (await this.view.getAttribute('phase')) === 'live', timeout_ms);
  }
  /** [r, g, b] at a place of the canvas, given in 0–1 of its sides. */
  pixel(x = 0.5, y = 0.5) {
    return this.canvas.evaluate((canvas, [fx, fy]) => {
      const copy = document.createElement('canvas');
      copy.width = copy.height = 1;
      const context = copy.getContext('2d', { willReadFrequently: true });
      context.drawImage(canvas, Math.floor(canvas.width * fx), Math.floor(canvas.height * fy), 1, 1, 0, 0, 1, 1);
      return [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)];
    }, [x, y]);
  }
  size() {
    return this.canvas.evaluate((canvas) => ({ width: canvas.width, height: canvas.height }));
  }
  async colorChanges(from, timeout_ms) {
    return until(`the colour changes from ${from}`, async () => {
      const now = await this.pixel();
      return distance(now, from) > 40 && now;
    }, timeout_ms);
  }
  colorIs(wanted, timeout_ms) {
    return until(`the colour is ${wanted}`, async () => {
      const now = await this.pixel();
      return distance(now, wanted) < 30 && now;
    }, timeout_ms);
  }
  async tap(x = 0.5, y = 0.5) {
    const box = await this.canvas.boundingBox();
    await this.page.mouse.click(box.x + box.width * x, box.y + box.height * y);
  }
  /** As hands do on a US keyboard: Shift goes down for what needs it. */
  async type(text) {
    const { keyboard } = this.page;
    for (const char of text) {
      const shift = /[A-Z~!@#$%^&*()_+{}|:"<>?]/.test(char);
      if (shift) await keyboard.down('Shift');
      await keyboard.press(char === ' ' ? 'Space' : char);
      if (shift) await keyboard.up('Shift');
    }
  }
  press(action) {
    return this.toolbar.locator(`[data-action="${action}"]`).click();
  }
  async stat(name) {
    return this.view.locator(`rp-statistics [data-stat="${name}"]`).innerText();
  }
  async showStatistics() {
    if (await this.view.locator('rp-statistics').count()) return;
    await this.press('settings');
    await this.view.locator('rp-settings input[name="statistics"]').check();
    await this.view.locator('rp-settings .close').click();
  }
}

export function distance(a, b) {
  return Math.max(...a.map((value, i) => Math.abs(value - b[i])));
}

export function noProblems(context_) {
  assert.deepEqual(context_.problems, []);
}

/** Which phones the specs use; the real stack names its own. */
export const phones = {
  tap: process.env.RACKPHONE_TAP_PHONE ?? 'demo',
  terminal: process.env.RACKPHONE_TERMINAL_PHONE ?? 'demo',
};
