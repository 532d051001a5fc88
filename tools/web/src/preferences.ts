// What this browser remembers between visits. Storage may be off (private windows): then nothing is kept.

import type { FitMode } from './stream/fit';
import { QualityMode } from './wire/protocol';

export interface Preferences {
  fit: FitMode;
  quality: QualityMode;
  zoom: number;
  mouse_as_touch: boolean;
  statistics: boolean;
}

export const kZooms = [0.75, 1, 1.25, 1.5, 2] as const;
const kKey = 'rackphone.preferences';
const kDeviceKey = 'rackphone.device';
const kLaterKey = 'rackphone.set_up_later';

/** A phone's browser: the only window there is, and fingers. */
export function isHandheld(): boolean {
  return matchMedia('(pointer: coarse)').matches && Math.min(screen.width, screen.height) <= 600;
}

export function loadPreferences(): Preferences {
  const stored = (read(kKey) ?? {}) as Partial<Preferences>;
  const fit: FitMode = isHandheld() ? 'fill' : 'phone';
  return {
    fit: stored.fit === 'fill' || stored.fit === 'phone' ? stored.fit : fit,
    quality: Object.values(QualityMode).find((mode) => mode === stored.quality) ?? QualityMode.Automatic,
    zoom: kZooms.find((zoom) => zoom === stored.zoom) ?? 1,
    mouse_as_touch: stored.mouse_as_touch === true,
    statistics: stored.statistics === true,
  };
}

export function savePreferences(preferences: Preferences): void {
  write(kKey, preferences);
}

/** Names this browser to the server, so that a reload does not count as another device. */
export function deviceId(): string {
  const stored = read(kDeviceKey);
  if (typeof stored === 'string' && /^web-[0-9a-f]{16}$/.test(stored)) return stored;
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  const id = `web-${[...bytes].map((b) => b.toString(16).padStart(2, '0')).join('')}`;
  write(kDeviceKey, id);
  return id;
}

/** Whether the choice of a password was put off in this tab; a new visit asks again. */
export function setUpLater(): boolean {
  return read(kLaterKey, () => sessionStorage) === true;
}

export function putSetUpOff(): void {
  write(kLaterKey, true, () => sessionStorage);
}

function read(key: string, storage = () => localStorage): unknown {
  try {
    return JSON.parse(storage().getItem(key) ?? 'null');
  } catch {
    return null;
  }
}

function write(key: string, value: unknown, storage = () => localStorage): void {
  try {
    storage().setItem(key, JSON.stringify(value));
  } catch {
    // Full or forbidden storage costs the preference, nothing else.
  }
}
