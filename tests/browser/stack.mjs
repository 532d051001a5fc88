// What the specs run against: the real stack named by RACKPHONE_URL and RACKPHONE_CODE, or else the stand-in
// engine started here. Between browser and server lies a TCP proxy, so that a spec can cut the connection.

import { spawn } from 'node:child_process';
import net from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

async function standIn() {
  const child = spawn(process.execPath, [fileURLToPath(new URL('fake_engine.mjs', import.meta.url))],
    { stdio: ['pipe', 'pipe', 'inherit'] });
  const line = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve);
    child.once('exit', (status) => reject(new Error(`fake_engine: ended with ${status}`)));
  });
  return { ...JSON.parse(line), real: false, stop: () => child.stdin.end() };
}

export async function startStack() {
  const { RACKPHONE_URL: url, RACKPHONE_CODE: code } = process.env;
  const server = url ? { url, code, real: true, stop() {} } : await standIn();
  const target = new URL(server.url);
  const proxy = await startProxy(target.hostname, Number(target.port || (target.protocol === 'https:' ? 443 : 80)));
  return {
    real: server.real,
    code: server.code,
    url: `${target.protocol}//localhost:${proxy.port}`,
    proxy,
    async stop() {
      await proxy.stop();
      server.stop();
    },
  };
}

async function startProxy(host, port) {
  const open = new Set();
  let cut = false;
  const server = net.createServer((inside) => {
    if (cut) {
      inside.resetAndDestroy?.() ?? inside.destroy();
      return;
    }
    const outside = net.connect({ host, port, noDelay: true });
    inside.setNoDelay(true);
    for (const [from, to] of [[inside, outside], [outside, inside]]) {
      open.add(from);
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        open.delete(from);
        to.destroy();
      });
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const drop = () => open.forEach((socket) => socket.destroy());
  return {
    port: server.address().port,
    /** Ends every connection; new ones are let through. */
    drop,
    /** Ends every connection and refuses new ones until `heal`. */
    cut: () => {
      cut = true;
      drop();
    },
    heal: () => (cut = false),
    stop: () => new Promise((resolve) => {
      drop();
      server.close(resolve);
    }),
  };
}
