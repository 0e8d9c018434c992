import { instanceFingerprint, type Question, shownToken } from '@aegis/license-token';
import { fingerprintDigest } from '../activate/fingerprint-digest';
import type { NamedActivation } from './token-look-up';
import type { Proof } from './token-proofs';

/** What an installation sends. */
export interface ValidateLicense {
  token: string;
  module_name: string;
  /** `17`, `17.0`, `17.0.1.2` and `saas~17.2` all mean 17. */
  odoo_version?: string | null;
  /** Another name for `odoo_version`. */
  version?: string | null;
  instance_db_uuid?: string | null;
  instance_domain?: string | null;
  /** The seat that it holds, where the license asks for one. */
  activation?: { id: string; fingerprint: string } | null;
}

/** What is asked, as `judge()` takes it. */
export async function questionOf(input: ValidateLicense): Promise<Question> {
  const { instance_db_uuid, instance_domain } = input;
  // Without one there is nothing to wait for.
  const fingerprint =
    instance_db_uuid && instance_domain ? await instanceFingerprint(instance_db_uuid, instance_domain) : null;
  return {
    module_name: input.module_name,
    odoo_version: versionOf(input),
    instance_fingerprint: fingerprint,
  };
}

/** Only what the license of the token says can make it the installation's. */
export function namedActivation(
  proof: Proof,
  activation: ValidateLicense['activation'],
): NamedActivation | null {
  if (!activation || proof.proof !== 'holds') return null;
  const { jti } = proof.token.claims;
  return { id: activation.id, fp: fingerprintDigest(jti, activation.fingerprint) };
}

/** A text that is the same only for equal questions. */
export function questionText(input: ValidateLicense): string {
  const { module_name, instance_db_uuid = null, instance_domain = null, activation } = input;
  const token = shownToken(input.token);
  const version = versionOf(input);
  const seat = [activation?.id ?? null, activation?.fingerprint ?? null];
  return JSON.stringify([token, module_name, version, instance_db_uuid, instance_domain, ...seat]);
}

/** The version under either of its names. */
function versionOf({ odoo_version, version }: ValidateLicense): string {
  return odoo_version ?? version ?? '';
}
