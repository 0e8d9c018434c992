/** The query of a URL. */
export type Search = Record<string, unknown>;

/** Reads a query as texts: `?q=17` is a text, not a number. */
export function parseSearch(search: string): Search {
  return Object.fromEntries(new URLSearchParams(search));
}

/** Writes a query; what is empty is left out. */
export function stringifySearch(search: Search): string {
  const given = Object.entries(search).flatMap(([name, value]) =>
    typeof value === 'string' && value !== '' ? [[name, value]] : [],
  );
  const text = new URLSearchParams(given).toString();
  return text === '' ? '' : `?${text}`;
}

/** The texts of a query that a page knows. */
export function textsOf<Name extends string>(
  search: Search,
  names: readonly Name[],
): Partial<Record<Name, string | undefined>> {
  const known: Partial<Record<Name, string>> = {};
  for (const name of names) {
    const value = search[name];
    if (typeof value === 'string' && value !== '') known[name] = value;
  }
  return known;
}

/** @returns the value, if it is one of those; what somebody typed into the address bar may be anything */
export function oneOf<Value extends string>(
  values: readonly Value[],
  text: string | undefined,
): Value | undefined {
  return values.find((value) => value === text);
}
