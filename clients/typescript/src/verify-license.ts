import {
  judgeGuarded,
  judgeOffline,
  openTrustedLists,
  type OfflineTrust,
  type OfflineVerdict,
} from '@aegis/license-token';
import { fingerprintOf } from './installation';
import { type GuardStorage, loadState, saveState } from './guard-storage';
import type { TrustedKeys } from './keys/trusted-keys';
import { asJson, type LicenseVerdict } from './license-verdict';
import { needsEd25519, unsupportedOr } from './unsupported-error';
import { type CheckedOptions, readOptions } from './verify-options';

/** The installation in which the program runs. What is missing or empty is not known. */
export interface Instance {
  db_uuid?: string | null;
  domain?: string | null;
}

/** The seat that this installation holds, where the license counts its installations. */
export interface ShownSeat {
  /** The activation token, from an activation, a heartbeat or an offline file. */
  token: string;
  /** The installation's own identity, by which it was activated. */
  fingerprint: string;
  /** Of the offline request that this installation made; for an offline file. */
  nonce?: string | null;
  /** Status list that the activation token names. */
  statusList?: string | readonly string[] | null;
}

/** What `verifyLicense` judges by. */
export interface VerifyOptions {
  keys: TrustedKeys;
  /** Who may have issued the license: the server's `LICENSE_ISSUER`. */
  issuer: string | readonly string[];
  /** Technical name of the module that wants to run. */
  module: string;
  /** Version of the host program; its leading number counts: `17`, `17.0` and `saas~17.2` all mean 17. */
  version: string;
  instance?: Instance | null;
  /** The signed status list that the license names, as it was fetched or from a file; or several. */
  statusList?: string | readonly string[] | null;
  /** Seconds from its signature for which a status list is used; until its own end by default. */
  maxOffline?: number;
  /** Seconds since 1970; the local clock by default. */
  now?: number;
  /** Keeps what shows that the clock was set back. */
  guard?: GuardStorage | null;
  activation?: ShownSeat | null;
}

/**
 * Verifies a license without the server, with the server's verdict: signature, issuer, module, version, instance, clock,
 * revocation, end, seat. Any value is judged as a token, and none makes it throw.
 * @param token as received; white space around it is ignored, and what is not a text is `MALFORMED`
 * @throws TypeError that names an option that is missing or wrong: a mistake of the program
 * @throws UnsupportedError where the platform has no Ed25519
 */
export async function verifyLicense(token: unknown, options: VerifyOptions): Promise<LicenseVerdict> {
  const checked = readOptions(options);
  const shown = typeof token === 'string' ? token : '';
  needsEd25519();
  try {
    return asJson(await judged(shown, checked));
  } catch (error) {
    throw unsupportedOr(error);
  }
}

async function judged(shown: string, options: CheckedOptions): Promise<OfflineVerdict> {
  const { guard, instance, module, version } = options;
  const question = {
    module_name: module,
    odoo_version: version,
    instance_fingerprint: instance && (await fingerprintOf(instance)),
  };
  const trust = await trustOf(options);
  if (guard === null) return judgeOffline(shown, question, trust);
  const before = await loadState(guard);
  const { verdict, state } = await judgeGuarded(shown, question, trust, before);
  await saveState(guard, before, state);
  return verdict;
}

async function trustOf(options: CheckedOptions): Promise<OfflineTrust> {
  const { openKeys, issuers, statusLists, maxOffline, activation, now } = options;
  const keySet = await openKeys();
  const lists = statusLists && (await openTrustedLists(statusLists, keySet, now));
  const trust: OfflineTrust = { keySet, acceptedIssuers: issuers, statusLists: lists, maxOffline, now };
  if (activation === null) return trust;
  const { token, fingerprint, nonce } = activation;
  const ofActivation = await openTrustedLists(activation.statusLists ?? [], keySet, now);
  return {
    ...trust,
    activation: { token, fingerprint, nonce, statusLists: [...(lists ?? []), ...ofActivation] },
  };
}
