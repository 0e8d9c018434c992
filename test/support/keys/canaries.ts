import { randomBytes } from 'node:crypto';

/** Values that occur nowhere else, planted where a log must not find them. */
export class Canaries {
  private readonly planted = new Map<string, string>();

  /** A new one: 20 letters and digits. @param place where it is put, reported when it is found */
  plant(place: string): string {
    return this.watch(place, `canary${randomBytes(7).toString('hex')}`);
  }

  /** Watches a value that was made elsewhere. */
  watch(place: string, value: string): string {
    if (value.length < 8) throw new Error(`too short to distinguish from other text: ${place}`);
    if (this.planted.has(place)) throw new Error(`planted twice: ${place}`);
    this.planted.set(place, value);
    return value;
  }

  valueOf(place: string): string {
    const value = this.planted.get(place);
    if (value === undefined) throw new Error(`never planted: ${place}`);
    return value;
  }

  /** Names of the places whose value is in the text, as it is or in Base64 or percent-encoded. */
  foundIn(text: string): string[] {
    return [...this.planted].filter(([, value]) => occurs(value, text)).map(([place]) => place);
  }

  /** Names of the places whose value is not in the text. */
  missingIn(text: string, places: readonly string[]): string[] {
    return places.filter((place) => !text.includes(this.valueOf(place)));
  }
}

function occurs(value: string, text: string): boolean {
  // Base64 depends on where in a group of three bytes the value begins; its edges mix with the text around it.
  const encoded = [0, 1, 2].map((offset) =>
    Buffer.concat([Buffer.alloc(offset), Buffer.from(value)])
      .toString('base64url')
      .slice(4, -4),
  );
  return [value, encodeURIComponent(value), ...encoded].some((each) => text.includes(each));
}
