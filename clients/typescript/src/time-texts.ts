/**
 * Writes times as answers have them (RFC 3339 in UTC, with milliseconds). The text of the last second is remembered: to write
 * a date takes as long as to read a token's claims.
 */
export class TimeTexts {
  private second = NaN;
  private text = '';

  /** @throws RangeError when it is an invalid time */
  of(time: Date): string {
    const ms = time.getTime();
    const second = Math.floor(ms / 1000);
    if (second !== this.second) {
      this.text = time.toISOString().slice(0, -'000Z'.length);
      this.second = second;
    }
    return `${this.text}${String(ms - second * 1000).padStart(3, '0')}Z`;
  }
}
