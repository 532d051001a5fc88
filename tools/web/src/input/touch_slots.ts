// Gives fingers (pointer ids) the protocol's ten slots. Pure.

import { kTouchSlots } from '../wire/protocol';

export class TouchSlots {
  private readonly owners: (number | null)[] = new Array<number | null>(kTouchSlots).fill(null);

  /** The slot for a new finger, the lowest free one; null when all are taken or the finger is known. */
  take(pointer_id: number): number | null {
    if (this.find(pointer_id) !== null) return null;
    const slot = this.owners.indexOf(null);
    if (slot < 0) return null;
    this.owners[slot] = pointer_id;
    return slot;
  }
  find(pointer_id: number): number | null {
    const slot = this.owners.indexOf(pointer_id);
    return slot < 0 ? null : slot;
  }
  release(pointer_id: number): number | null {
    const slot = this.find(pointer_id);
    if (slot !== null) this.owners[slot] = null;
    return slot;
  }
  clear(): void {
    this.owners.fill(null);
  }
  get any(): boolean {
    return this.owners.some((owner) => owner !== null);
  }
}
