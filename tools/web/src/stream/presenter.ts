// Applies VIDEO and TILES to the shown picture in the order in which they came, each as a whole, and tells
// when they were drawn. Decoding takes its time: what comes after a VIDEO waits until that is out of the
// decoder or lost. Nothing is skipped in favour of newer pictures, since most show only a part.

import { WireError } from '../wire/protocol';
import { isWhole, type Area, type Copy, type Tile, type Tiles, type Video } from '../wire/pictures';
import type { Picture } from './decoder';
import type { Size } from './fit';

/** The shown picture. Areas are inside the size of the last `clear`. */
export interface Surface {
  /** Takes this size, all black. */
  clear(size: Size): void;
  /** Draws the area from a frame that lies at `coded`. */
  video(frame: VideoFrame, area: Area, coded: Area): void;
  copy(copy: Copy): void;
  /** Throws a WireError if the tile's data cannot be unpacked. */
  tile(tile: Tile): void;
}

/** When the screen shows what was drawn. */
export interface Refresh {
  /** No refresh comes while the page is hidden. */
  hidden(): boolean;
  next(run: () => void): void;
}

export interface Applied {
  message: Video | Tiles;
  received_ms: number;
  decoded_ms: number;
}

export interface PresenterEvents {
  /** Once for each message applied, at the screen's refresh after it. */
  on_drawn(applied: Applied, drawn_ms: number): void;
  on_dropped(message: Video | Tiles, decode_ms: number): void;
  /** Something is missing in the picture: only a VIDEO of all of it is shown from here on. */
  on_hole(): void;
  /** The decoder has kept more waiting than is sensible. */
  on_stuck(): void;
  on_invalid(error: WireError): void;
}

type Waiting =
  | { kind: 'video'; message: Video; received_ms: number; picture: Picture | null; lost: boolean }
  | { kind: 'tiles'; message: Tiles; received_ms: number }
  | { kind: 'display'; size: Size };

/** The server has a handful of pictures under way at most. */
const kMaxWaiting = 64;

export class Presenter {
  private waiting: Waiting[] = [];
  private applied: Applied[] = [];
  private scheduled = false;
  private size: Size = { width: 0, height: 0 };
  /** The picture as the server knows it is black, while the former one is still on the page. */
  private black = true;
  private hole = false;

  constructor(
    private readonly surface: Surface,
    private readonly refresh: Refresh,
    private readonly events: PresenterEvents,
  ) {}

  /** A display of this size: its picture starts black, which is not shown before something is drawn on it. */
  display(size: Size): void {
    this.add({ kind: 'display', size });
  }
  /** `decoded` or `lost` has to follow. */
  video(message: Video, received_ms: number): void {
    this.add({ kind: 'video', message, received_ms, picture: null, lost: false });
  }
  tiles(message: Tiles, received_ms: number): void {
    this.add({ kind: 'tiles', message, received_ms });
  }

  decoded(picture: Picture): void {
    const entry = this.find(picture.video);
    if (entry) entry.picture = picture;
    else picture.frame.close();
    this.drain();
  }
  lost(video: Video): void {
    const entry = this.find(video);
    if (entry) entry.lost = true;
    this.drain();
  }

  /** The page has lost what it showed. */
  forget(): void {
    this.hole = true;
    this.events.on_hole();
  }

  /** A new connection: nothing of the old one is applied or told any more. Its picture stays meanwhile. */
  restart(): void {
    for (const entry of this.waiting) if (entry.kind === 'video') entry.picture?.frame.close();
    this.waiting = [];
    this.applied = [];
    this.black = true;
    this.hole = false;
  }

  /** Tells what has been applied without waiting for the screen: the page is being hidden. */
  flush(): void {
    const applied = this.applied;
    this.applied = [];
    const now_ms = performance.now();
    for (const one of applied) this.events.on_drawn(one, now_ms);
  }

  private add(entry: Waiting): void {
    this.waiting.push(entry);
    this.drain();
    if (this.waiting.length > kMaxWaiting) this.events.on_stuck();
  }

  private find(video: Video) {
    for (const entry of this.waiting) if (entry.kind === 'video' && entry.message === video) return entry;
    return null;
  }

  private drain(): void {
    for (let next = this.waiting[0]; next; next = this.waiting[0]) {
      if (next.kind === 'video' && !next.picture && !next.lost) return;
      this.waiting.shift();
      if (next.kind === 'display') this.shape(next.size);
      else if (next.kind === 'video') this.applyVideo(next.message, next.received_ms, next.picture);
      else this.applyTiles(next.message, next.received_ms);
    }
  }

  private shape(size: Size): void {
    if (size.width === this.size.width && size.height === this.size.height) return;
    this.size = size;
    this.black = true;
  }

  private begin(message: Video | Tiles): void {
    this.shape({ width: message.width_px, height: message.height_px });
    if (this.black) this.surface.clear(this.size);
    this.black = false;
  }

  private applyVideo(message: Video, received_ms: number, picture: Picture | null): void {
    if (!picture) {
      this.hole = true;
      this.events.on_dropped(message, 0);
      return;
    }
    const { frame, decoded_ms } = picture;
    if (isWhole(message)) this.hole = false;
    if (!this.hole) {
      this.begin(message);
      this.surface.video(frame, message, message.coded);
    }
    frame.close();
    if (this.hole) this.drop(message, decoded_ms - received_ms);
    else this.drawn({ message, received_ms, decoded_ms });
  }

  private applyTiles(message: Tiles, received_ms: number): void {
    if (this.hole) {
      this.drop(message, 0);
      return;
    }
    try {
      this.begin(message);
      for (const operation of message.operations) {
        if (operation.kind === 'copy') this.surface.copy(operation);
        else this.surface.tile(operation);
      }
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.events.on_invalid(error);
      return;
    }
    this.drawn({ message, received_ms, decoded_ms: performance.now() });
  }

  private drop(message: Video | Tiles, decode_ms: number): void {
    this.events.on_dropped(message, decode_ms);
    this.events.on_hole();
  }

  private drawn(applied: Applied): void {
    this.applied.push(applied);
    if (this.refresh.hidden()) {
      this.flush();
    } else if (!this.scheduled) {
      this.scheduled = true;
      this.refresh.next(() => {
        this.scheduled = false;
        this.flush();
      });
    }
  }
}
