/**
 * How the text of a variable becomes a value. `url` and `postgres-url` stay text, but only in a spelling that every
 * parser reads alike; so do the entries of `postgres-urls`, a list.
 */
export type SettingKind = 'text' | 'integer' | 'boolean' | 'list' | 'url' | 'postgres-url' | 'postgres-urls';

/** What the docs, `.env.example` and the loader know of one variable. */
export interface SettingSpec {
  kind: SettingKind;
  /** What an operator reads. */
  description: string;
  /** Value when the variable is unset, or a word for what is made then, in brackets: `(embedded)`. */
  default?: string;
  /** A value that keeps the rules, where there is no default; absent for what only its owner can know. */
  example?: string;
  /** Default where ENVIRONMENT=production, if another. */
  productionDefault?: string;
  /** What production demands of it, in words; absent when it demands nothing. */
  production?: string;
  /** Can come from a file named by `<NAME>_FILE`, and is never shown. */
  secret?: boolean;
}

const registry: { owner: object; name: string; spec: SettingSpec }[] = [];

/** Declares a property of Environment as a variable of the same name. */
export function Setting(spec: SettingSpec): PropertyDecorator {
  return (owner, property) => {
    registry.push({ owner, name: String(property), spec });
  };
}

/** Every declared variable with its spec, in the order of declaration; those of a base class after its heirs'. */
export function settings(): ReadonlyMap<string, SettingSpec> {
  const ordered = registry.toSorted((one, other) => depth(other.owner) - depth(one.owner));
  return new Map(ordered.map(({ name, spec }) => [name, spec]));
}

/** How many prototypes are above. */
function depth(prototype: object): number {
  const above = Object.getPrototypeOf(prototype) as object | null;
  return above === null ? 0 : 1 + depth(above);
}
