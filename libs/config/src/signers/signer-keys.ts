/** A key of a signer, and the kid that it signs under. */
export interface SignerKey {
  kid: string;
  /** The key as the signer knows it. */
  key: string;
}

/** A key of Vault's transit engine. */
export interface TransitKey {
  /** Name of the key in the engine. */
  name: string;
  /** The one version that is `kid`; undefined: every version `N` signs as `<name>-v<N>`. */
  pinned?: { kid: string; version: number };
}

/** Reads `<kid>=<key>`; the entries were validated. */
export function readSignerKeys(entries: readonly string[]): SignerKey[] {
  return entries.map((entry) => {
    const at = entry.indexOf('=');
    return { kid: entry.slice(0, at), key: entry.slice(at + 1) };
  });
}

/** Reads `<name>` and `<kid>=<name>:<version>`; the entries were validated. */
export function readTransitKeys(entries: readonly string[]): TransitKey[] {
  return entries.map((entry) => {
    const [, kid, name = '', version] = /^(?:([^=]+)=)?([^:]+)(?::(\d+))?$/.exec(entry) ?? [];
    return kid === undefined ? { name } : { name, pinned: { kid, version: Number(version) } };
  });
}
