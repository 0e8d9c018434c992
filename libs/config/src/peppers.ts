/** A secret that hashes and encryption depend on and that is not in the database. */
export interface Pepper {
  /** `v2`: which one it is, stored with what it made. */
  readonly version: string;
  readonly secret: string;
}

/** @param settings API_KEY_PEPPERS, validated: `v2:<secret>` each, the current one first */
export function readPeppers(settings: readonly string[]): Pepper[] {
  return settings.map((setting) => {
    const colon = setting.indexOf(':');
    return { version: setting.slice(0, colon), secret: setting.slice(colon + 1) };
  });
}
