// A stand-in for engine and controller, for work on the page alone: serves dist/, a minimal REST and streams
// made by fake_phone.mjs. Plain http: on localhost browsers treat it as secure. Never part of the product.
//   node fake_engine.mjs [port]   prints {"url", "code"} and runs until its input closes

import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { randomBytes } from 'node:crypto';
import { WebSocketServer } from 'ws';
import { FakePhone } from './fake_phone.mjs';

const root = process.env.RACKPHONE_WEB_ROOT ?? fileURLToPath(new URL('../../tools/web/dist/', import.meta.url));
const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.webmanifest': 'application/manifest+json' };
const code = randomBytes(6).toString('hex');
const csrf = randomBytes(12).toString('hex');

const phones = new Map([
  ['demo', { phone: new FakePhone('demo', 'Demo phone', 'color'), image: 'demo', state: 'running' }],
  ['motion', { phone: new FakePhone('motion', 'Test pattern', 'motion'), image: 'pattern', state: 'running' }],
  ['told', { phone: new FakePhone('told', 'Drawing board', 'told'), image: 'pattern', state: 'running' }],
  ['tiny', { phone: new FakePhone('tiny', 'Terminal', 'color'), image: 'tiny', state: 'stopped' }],
  ['broken', { phone: new FakePhone('broken', 'Old tablet', 'color'), image: 'demo', state: 'failed',
    reason: 'The image could not be mounted: no space left on the disk.' }],
]);
const sessions = new Map();
const tickets = new Map();
let owner = { name: 'owner', password: null };
let code_used = false;

const describe = (id, { phone, image, state, wanted = state, reason = '' }) => ({
  id, name: phone.name, image, state, wanted, owner: owner.name, reason, ...phone.size });

class Refusal extends Error {
  constructor(status, code_name, message, field = '') {
    super(message);
    Object.assign(this, { status, body: { error: { code: code_name, field, message } } });
  }
}

function setState(entry, busy, then) {
  entry.state = busy;
  entry.wanted = then;
  setTimeout(() => (entry.state = then), 700);
}

const routes = {
  'GET /session': ({ user }) => ({ user: user && { name: user.name, role: 'owner', needs_password: user.password === null }, csrf, first_sign_in: owner.password === null }),
  'POST /session': ({ body, response }) => {
    const by_code = body.code === code && !code_used;
    const by_password = owner.password !== null && body.name === owner.name && body.password === owner.password;
    if (!by_code && !by_password) throw new Refusal(401, 'unauthorized', 'name, password or code is wrong');
    if (by_code) code_used = true;
    const id = randomBytes(16).toString('hex');
    sessions.set(id, owner);
    response.setHeader('Set-Cookie', `rackphone_session=${id}; HttpOnly; SameSite=Strict; Path=/`);
    return {};
  },
  'DELETE /session': ({ session_id }) => (sessions.delete(session_id), {}),
  'PUT /me': ({ body }) => {
    if ((body.password ?? '').length < 10) throw new Refusal(422, 'invalid', 'password must have at least 10 characters', 'password');
    Object.assign(owner, { name: body.name, password: body.password });
    return {};
  },
  'GET /phones': () => ({ phones: [...phones].map(([id, entry]) => describe(id, entry)) }),
  'GET /images': () => ({ images: [
    { name: 'demo', title: 'Phone', state: 'ready' }, { name: 'tiny', title: 'Terminal', state: 'building' }] }),
  'POST /phones': ({ body }) => {
    const id = `p${phones.size}`;
    phones.set(id, { phone: new FakePhone(id, body.name, 'color'), image: body.image, state: 'created' });
    return describe(id, phones.get(id));
  },
};

function phoneRoute(method, id, verb) {
  const entry = phones.get(id);
  if (!entry) throw new Refusal(404, 'not_found', 'there is no such phone');
  if (method === 'GET' && !verb) return describe(id, entry);
  if (verb === 'start') setState(entry, 'starting', 'running');
  else if (verb === 'stop') setState(entry, 'running', 'stopped');
  else if (verb === 'ticket') {
    if (entry.state !== 'running') setState(entry, 'starting', 'running');
    const ticket = `rpt1.${randomBytes(12).toString('base64url')}.${randomBytes(12).toString('base64url')}`;
    tickets.set(ticket, entry);
    return { ticket, expires_in: 60, stream: '/stream' };
  } else throw new Refusal(404, 'not_found', 'there is no such call');
  return describe(id, entry);
}

async function api(request, response, path) {
  const session_id = /rackphone_session=([0-9a-f]+)/.exec(request.headers.cookie ?? '')?.[1];
  const user = sessions.get(session_id) ?? null;
  const parts = [];
  for await (const part of request) parts.push(part);
  const body = parts.length ? JSON.parse(Buffer.concat(parts)) : {};
  if (request.method !== 'GET' && request.headers['x-csrf-token'] !== csrf) throw new Refusal(403, 'csrf', 'the CSRF token is missing');
  if (!user && path !== '/session') throw new Refusal(401, 'unauthorized', 'sign in first');
  const route = routes[`${request.method} ${path}`];
  if (route) return route({ user, body, response, session_id });
  const [, id, verb] = /^\/phones\/([a-z0-9-]+)(?:\/([a-z]+))?$/.exec(path) ?? [];
  return phoneRoute(request.method, id, verb);
}

async function file(response, path) {
  const name = extname(path) ? path : '/index.html';
  const data = await readFile(join(root, normalize(name))).catch(() => null);
  response.setHeader('Content-Security-Policy', "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'");
  response.writeHead(data ? 200 : 404, { 'Content-Type': types[extname(name)] ?? 'application/octet-stream' });
  response.end(data);
}

/** For specs: GET tells what the page of a phone has sent, POST sends it the bytes of a message, DELETE closes its
 *  stream with ?code=…&reason=…. */
async function standIn(request, response, id, query) {
  const { phone } = phones.get(id);
  const parts = [];
  for await (const part of request) parts.push(part);
  if (request.method === 'POST') phone.viewer.socket.send(Buffer.concat(parts));
  if (request.method === 'DELETE') phone.viewer.socket.close(Number(query.get('code')), query.get('reason'));
  response.end(JSON.stringify(phone.report()));
}

const server = createServer(async (request, response) => {
  const { pathname: path, searchParams } = new URL(request.url, 'http://localhost');
  if (path.startsWith('/stand-in/')) return standIn(request, response, path.slice('/stand-in/'.length), searchParams);
  if (!path.startsWith('/api/v1')) return file(response, path);
  try {
    const answer = await api(request, response, path.slice('/api/v1'.length));
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(answer));
  } catch (error) {
    response.writeHead(error.status ?? 500, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(error.body ?? { error: { code: 'internal', message: String(error) } }));
  }
});

const streams = new WebSocketServer({ noServer: true, handleProtocols: (protocols) => protocols.has('rackphone.v1') && 'rackphone.v1' });
server.on('upgrade', (request, socket, head) => {
  streams.handleUpgrade(request, socket, head, (ws) => {
    const ticket = (request.headers['sec-websocket-protocol'] ?? '').split(/, */).find((p) => p.startsWith('ticket.'))?.slice(7);
    const entry = tickets.get(ticket);
    tickets.delete(ticket);
    if (!entry) ws.close(4401, 'ticket: not valid');
    else if (entry.state !== 'running') ws.close(4404, 'no such phone here yet');
    else entry.phone.connect(ws);
  });
});

server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => {
  console.log(JSON.stringify({ url: `http://localhost:${server.address().port}`, code }));
});
process.stdin.on('end', () => process.exit(0)).resume();
