import { instanceFingerprint } from '@aegis/license-token';

/** What identifies an installation. */
interface Installation {
  readonly db_uuid: string;
  readonly domain: string;
}

let last: (Installation & { readonly fingerprint: string }) | undefined;

/**
 * The fingerprint of an installation. A program has one, so the last is remembered: WebCrypto takes as long for a hash as
 * for a third of a signature.
 */
export function fingerprintOf(installation: Installation): string | Promise<string> {
  const { db_uuid, domain } = installation;
  return last?.db_uuid === db_uuid && last.domain === domain ? last.fingerprint : computed(installation);
}

async function computed({ db_uuid, domain }: Installation): Promise<string> {
  const fingerprint = await instanceFingerprint(db_uuid, domain);
  last = { db_uuid, domain, fingerprint };
  return fingerprint;
}
