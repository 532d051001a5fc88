// What the input modules write to: sequence numbers and messages of one stream, and the place of the
// picture on the page.

export interface InputSink {
  issue(time_ms: number): number;
  send(...messages: Uint8Array<ArrayBuffer>[]): void;
}

/** In CSS pixels of the viewport; null before the first picture. */
export type PictureOnPage = () => { x: number; y: number; width: number; height: number } | null;
