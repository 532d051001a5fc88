// Runs every spec against one stack, in order: sign-in first, because its code works once.
//   node run.mjs                                         against the stand-in engine (page work only)
//   RACKPHONE_URL=https://… RACKPHONE_CODE=… node run.mjs   against a running Rackphone

import { after, before } from 'node:test';
import { launch } from './browser.mjs';
import { startStack } from './stack.mjs';
import { world } from './world.mjs';

before(async () => {
  world.stack = await startStack();
  world.browser = await launch();
});
after(async () => {
  await world.browser?.close();
  await world.stack?.stop();
});

const wanted = process.argv.slice(2);
for (const name of ['sign_in', 'phone', 'reconnect', 'latency', 'tiles', 'exact', 'screens', 'demo']) {
  if (wanted.length === 0 || name === 'sign_in' || wanted.includes(name)) await import(`./${name}.spec.mjs`);
}
