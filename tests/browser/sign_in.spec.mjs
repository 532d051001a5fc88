// Goal: a person gets from the printed link to the list of phones, and errors say what to do.
// Method: the real page in a real browser; the one-time code is used here and its session kept for the others.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { context, kDesktop, noProblems } from './browser.mjs';
import { world } from './world.mjs';

const kPassword = 'correct horse battery';

test('a wrong code is refused with a sentence, and leaves the address', async () => {
  const it = await context(world.browser);
  const page = await it.newPage();
  await page.goto(`${world.stack.url}/#code=wrong-code`);
  await page.locator('rp-sign-in .message').waitFor();
  assert.match(await page.locator('rp-sign-in .message').innerText(), /new one/);
  assert.equal(new URL(page.url()).hash, '');
  await it.close();
});

test('the link signs in, then asks for a name and a password', async () => {
  const it = await context(world.browser, kDesktop);
  const page = await it.newPage();
  await page.goto(`${world.stack.url}/#code=${world.stack.code}`);
  await page.locator('rp-set-up form').waitFor();
  assert.equal(new URL(page.url()).hash, '');
  await page.getByLabel('New password').fill('short');
  await page.getByRole('button', { name: 'Save and go on' }).click();
  assert.match(await page.locator('rp-set-up .message').innerText(), /at least 10/);
  world.name = await page.getByLabel('Name', { exact: true }).inputValue() || 'owner';
  await page.getByLabel('Name', { exact: true }).fill(world.name);
  await page.getByLabel('New password').fill(kPassword);
  await page.getByLabel('The same password again').fill(kPassword);
  await page.getByRole('button', { name: 'Save and go on' }).click();
  await page.getByRole('heading', { name: 'Phones' }).waitFor();
  world.state = await it.storageState();
  noProblems(it);
  await it.close();
});

test('signing out and in again with the password', async () => {
  const it = await context(world.browser, kDesktop);
  const page = await it.newPage();
  await page.goto(world.stack.url);
  await page.getByLabel('Name').fill(world.name);
  await page.getByLabel('Password').fill('not the password');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  assert.match(await page.locator('rp-sign-in .message').innerText(), /not right/);
  await page.getByLabel('Password').fill(kPassword);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('heading', { name: 'Phones' }).waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  noProblems(it);
  await it.close();
});
