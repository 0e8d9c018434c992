import { Injectable } from '@nestjs/common';

/** Notifies parts of this process when it gave events their places: what sends them need not wait for its next look. */
@Injectable()
export class PlacedEvents {
  private readonly listeners: (() => void)[] = [];

  onPlaced(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** Called once the places are durable. */
  announce(): void {
    for (const listener of this.listeners) listener();
  }
}
