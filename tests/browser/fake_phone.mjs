// A phone of the stand-in engine: one colour that a tap changes, and a line of text that works like a
// terminal's: the command that sets a terminal's background sets this one's. "motion" moves all the time, and
// "told" shows what a spec sends through it.

import { colorPicture, motion } from './fake_pictures.mjs';
import * as wire from './fake_wire.mjs';

const palette = ['#285f9e', '#b3392f', '#2f7d4f', '#8a5a9e'];
const letters = { 2: '1!', 3: '2@', 4: '3#', 5: '4$', 6: '5%', 7: '6^', 8: '7&', 9: '8*', 10: '9(', 11: '0)', 12: '-_',
  13: '=+', 26: '[{', 27: ']}', 39: ';:', 40: '\'"', 41: '`~', 43: '\\|', 51: ',<', 52: '.>', 53: '/?', 57: '  ' };
for (const [first, row] of [[16, 'qwertyuiop'], [30, 'asdfghjkl'], [44, 'zxcvbnm']]) {
  [...row].forEach((c, i) => (letters[first + i] = c + c.toUpperCase()));
}

export class FakePhone {
  color = palette[0];
  taps = 0;
  line = '';
  clipboard = '';
  turns = 0;
  size = { width: 720, height: 1280, scale_120: 240 };
  log = [];
  viewer = null;
  connections = 0;
  #shift = false;

  constructor(id, name, kind) {
    this.id = id;
    this.name = name;
    this.kind = kind;
  }

  connect(socket) {
    this.viewer?.socket.close(4409, 'another device took over');
    const viewer = { socket, sequence: 0, input: 0, visible: true, timer: null, wanted: false, busy: false };
    this.viewer = viewer;
    socket.on('message', (data) => {
      for (const message of wire.messages(data)) this.#handle(viewer, message);
    });
    socket.on('close', () => {
      clearInterval(viewer.timer);
      if (this.viewer === viewer) this.viewer = null;
    });
  }

  /** For specs: what came from the page in this connection. */
  report() {
    return { connections: this.connections, size: this.size, log: this.log };
  }

  #handle(viewer, { type, flags, body }) {
    const { socket } = viewer;
    switch (type) {
      case wire.client.hello:
        this.turns = 0;
        this.connections++;
        this.log = [{ hello: true, features: body.readUInt32LE(8) }];
        this.#shape(body, 12);
        socket.send(Buffer.concat([wire.welcome(this.name, this.#features(body.readUInt32LE(8))), this.#display(), wire.cursorShape('default')]));
        this.#start(viewer);
        break;
      case wire.client.resize:
        this.#shape(body, 0);
        socket.send(this.#display());
        this.#start(viewer);
        break;
      case wire.client.rotate:
        if ((body[0] ^ this.turns) & 1) this.#swap();
        this.turns = body[0];
        socket.send(this.#display());
        this.#start(viewer);
        break;
      case wire.client.ping: socket.send(wire.pong(body)); break;
      case wire.client.key_request:
        this.log.push({ key_request: true });
        this.#start(viewer);
        break;
      case wire.client.visibility: viewer.visible = body[0] === 1; break;
      case wire.client.ack:
        this.log.push({ ack: body.readUInt32LE(0), dropped: (flags & 1) === 1, decode_us: body.readUInt32LE(4) });
        break;
      default: if (type >= 0x10) this.#input(viewer, type, body);
    }
    if (this.log.length > 5000) this.log.splice(0, 2500);
  }

  #shape(body, at) {
    this.size = { width: body.readUInt16LE(at), height: body.readUInt16LE(at + 2), scale_120: body.readUInt16LE(at + 4) };
    if (this.turns & 1) this.#swap();
  }

  #swap() {
    this.size = { ...this.size, width: this.size.height, height: this.size.width };
  }

  #input(viewer, type, body) {
    if (type === wire.client.clipboard) {
      this.clipboard = body.toString('utf8', 4);
      return;
    }
    viewer.input = body.readUInt32LE(0);
    const tap = (type === wire.client.touch && body[4] === 0) || (type === wire.client.pointer && body[4] === 1);
    if (tap) {
      this.color = palette[++this.taps % palette.length];
      viewer.socket.send(wire.textInput(true, 40, 60));
    } else if (type === wire.client.key) this.#key(body.readUInt16LE(4), body[6] === 1);
    else if (type === wire.client.text && body[4] === 0) this.line += body.toString('utf8', 10);
    this.log.push({ type, action: body[4], input: viewer.input });
    this.#show(viewer);
  }

  #key(code, down) {
    if (code === 42 || code === 54) this.#shift = down;
    if (!down) return;
    if (code === 14) this.line = this.line.slice(0, -1);
    else if (code === 28) this.#enter();
    else if (letters[code]) this.line += letters[code][this.#shift ? 1 : 0];
  }

  #enter() {
    const background = /^printf '\\033\]11;(#[0-9a-f]{6})\\007'$/.exec(this.line.trim());
    if (background) this.color = background[1];
    if (this.line.startsWith('copy ')) this.viewer?.socket.send(wire.clipboardOffer(this.line.slice(5)));
    this.line = '';
  }

  /** Only what a spec sends goes beyond what the first servers spoke. */
  #features(offered) {
    const { cursor_images, clipboard, lossless_tiles } = wire.feature;
    return cursor_images | clipboard | (this.kind === 'told' ? offered & lossless_tiles : 0);
  }

  #display() {
    return wire.display({ ...this.size, turns: this.turns });
  }

  #start(viewer) {
    clearInterval(viewer.timer);
    if (this.kind === 'color') void this.#show(viewer);
    else if (this.kind === 'motion') void this.#move(viewer);
  }

  /** One picture in the making at a time; what changed meanwhile goes into the next one. */
  async #show(viewer) {
    if (this.kind !== 'color') return;
    viewer.wanted = true;
    if (viewer.busy) return;
    viewer.busy = true;
    while (viewer.wanted && viewer.socket.readyState === 1) {
      viewer.wanted = false;
      const { width, height } = this.size;
      const input_sequence = viewer.input;
      const data = await colorPicture({ width, height, color: this.color, typed: this.line.length });
      const current = width === this.size.width && height === this.size.height && viewer.visible;
      if (!current || viewer.socket.readyState !== 1) continue;
      viewer.socket.send(wire.video({ key: true, sequence: ++viewer.sequence, input_sequence, width, height, data }));
    }
    viewer.busy = false;
  }

  async #move(viewer) {
    const { width, height } = this.size;
    const units = await motion({ width, height, seconds: 4 });
    if (width !== this.size.width || height !== this.size.height) return;
    clearInterval(viewer.timer);
    let at = 0;
    viewer.timer = setInterval(() => {
      if (!viewer.visible) at = 0;
      else {
        const data = units[at];
        viewer.socket.send(wire.video({
          key: at === 0, sequence: ++viewer.sequence, input_sequence: viewer.input, width, height, data }));
        at = (at + 1) % units.length;
      }
    }, 1000 / 60);
  }
}
