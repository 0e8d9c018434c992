/** The last that a `Date` can have. */
const LAST_SECOND = 8_640_000_000_000;

export function isMembers(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a value is a time in seconds since 1970. */
export function isSecond(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= LAST_SECOND;
}

/** @throws TypeError that names the option */
export function textOption(value: unknown, name: string): string {
  if (typeof value !== 'string') throw new TypeError(`${name} must be a text`);
  return value;
}

const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * A text that is hashed.
 * @throws TypeError that names the option, also for half a character: all of them would have one hash
 */
export function hashedOption(value: unknown, name: string): string {
  const text = textOption(value, name);
  if (LONE_SURROGATE.test(text)) throw new TypeError(`${name} must not contain a lone surrogate`);
  return text;
}

/**
 * One text, or several.
 * @returns undefined where nothing is given, and where the list is empty
 * @throws TypeError that names the option
 */
export function textsOption(value: unknown, name: string): readonly string[] | undefined {
  if (value === undefined || value === null) return undefined;
  const values: unknown[] = Array.isArray(value) ? value : [value];
  if (!values.every((one) => typeof one === 'string'))
    throw new TypeError(`${name} must be a text, or a list of texts`);
  return values.length === 0 ? undefined : values;
}
