import {
  importEd25519,
  instanceFingerprint,
  judge,
  judgeGuarded,
  judgeOffline,
  type KeySet,
  openKeySet,
  openStatusList,
  type OfflineTrust,
  type OfflineVerdict,
  parseKeySet,
  parseToken,
  publicKeyOf,
  type Question,
  type ShownActivation,
  type StatusList,
  type TokenRecord,
  type Verdict,
  shownToken,
} from '@aegis/license-token';
import { verifySignature } from '../../../libs/license-token/src/signature';
import type { Vector, VectorActivation, VectorAnswer } from './read-vectors';

/** What both the server and a client say of a vector: the server needs no list and no guard. */
export type LibraryAnswer = Omit<VectorAnswer, 'clock' | 'guard' | 'revocation'>;

/** Pinned keys come without an end. */
const NO_KEYS: KeySet = { iat: 0, exp: Number.MAX_SAFE_INTEGER, keys: [], compromised: [] };

/** As an installation without a network judges: by `judgeGuarded`, or without a guard by `judgeOffline`. */
export async function offlineAnswer(vector: Vector): Promise<VectorAnswer> {
  const { token, guard } = vector;
  const question = await questionOf(vector);
  const trust = await trustOf(vector);
  if (guard === undefined) return withOffline(await judgeOffline(token, question, trust));
  const { verdict, state } = await judgeGuarded(token, question, trust, guard);
  return { ...withOffline(verdict), guard: state };
}

async function trustOf(vector: Vector): Promise<OfflineTrust> {
  const keySet = await trustedKeys(vector);
  const now = new Date(vector.now * 1000);
  const lists = vector.status_list === undefined ? [] : await trustedLists(vector.status_list, keySet, now);
  return {
    keySet,
    acceptedIssuers: vector.issuers,
    ...(vector.status_list !== undefined && { statusLists: lists }),
    maxOffline: vector.max_offline,
    activation: vector.activation && (await shownActivation(vector.activation, keySet, lists, now)),
    now,
  };
}

function withOffline(verdict: OfflineVerdict): VectorAnswer {
  const { revocation, clock } = verdict;
  return { ...asJson(verdict), revocation, clock };
}

/**
 * As the server judges: by `judge`, with the record of a token that is active, or that has the status which the answer
 * follows from.
 */
export async function onlineAnswer(vector: Vector): Promise<LibraryAnswer> {
  const question = await questionOf(vector);
  const now = new Date(vector.now * 1000);
  const parsed = parseToken(shownToken(vector.token));
  if ('malformed' in parsed) return asJson(judge(question, { proof: 'malformed' }, now));
  const { keys } = await trustedKeys(vector);
  const key = keys.find(({ kid }) => kid === parsed.header.kid);
  if (!key) return asJson(judge(question, { proof: 'unknown_key' }, now));
  if (!(await verifySignature(parsed, await importEd25519(key))))
    return asJson(judge(question, { proof: 'signature_invalid' }, now));
  const verdict = judge(
    question,
    {
      proof: 'signature_holds',
      claims: parsed.claims,
      key: { compromised: false },
      acceptedIssuers: vector.issuers,
      record: recordOf(vector),
      activation: null,
    },
    now,
  );
  return asJson(verdict);
}

function recordOf({ expect }: Vector): TokenRecord {
  const status = expect.code === 'REVOKED' ? 'revoked' : expect.code === 'SUSPENDED' ? 'suspended' : 'active';
  return {
    recorded_at: new Date(0),
    superseded: false,
    newer_token_exists: false,
    license_status: status,
    customer_active: true,
  };
}

/** A signed key set was opened when it was received: at its `iat`. One that is not trusted has no keys. */
async function trustedKeys({ keys }: Vector): Promise<KeySet> {
  if (Array.isArray(keys)) return { ...NO_KEYS, keys };
  const parsed = parseKeySet(keys.key_set);
  if ('malformed' in parsed) return NO_KEYS;
  const opened = await openKeySet(keys.key_set, {
    root: keys.root,
    now: new Date(parsed.keySet.iat * 1000),
  });
  return 'refused' in opened ? NO_KEYS : opened;
}

/** Empty where it is not one to go by. */
async function trustedLists(text: string, keySet: KeySet, now: Date): Promise<StatusList[]> {
  const list = await openStatusList(text, (kid) => publicKeyOf(keySet, kid, now));
  return 'refused' in list ? [] : [list];
}

async function shownActivation(
  { token, fingerprint, nonce, status_list }: VectorActivation,
  keySet: KeySet,
  lists: readonly StatusList[],
  now: Date,
): Promise<ShownActivation> {
  const own = status_list === undefined ? [] : await trustedLists(status_list, keySet, now);
  return { token, fingerprint, nonce, statusLists: [...lists, ...own] };
}

async function questionOf({ question }: Vector): Promise<Question> {
  const { module, version, instance } = question;
  const fingerprint =
    instance?.db_uuid && instance.domain
      ? await instanceFingerprint(instance.db_uuid, instance.domain)
      : null;
  return { module_name: module, odoo_version: version, instance_fingerprint: fingerprint };
}

function asJson(verdict: Verdict): LibraryAnswer {
  const { activation } = verdict;
  return {
    valid: verdict.valid,
    code: verdict.code,
    warnings: verdict.warnings,
    license_id: verdict.license_id,
    license_type: verdict.license_type,
    customer_name: verdict.customer_name,
    expires_at: verdict.expires_at?.toISOString() ?? null,
    entitlements: { ...verdict.entitlements },
    activation: activation && {
      ...activation,
      lease_ends_at: activation.lease_ends_at?.toISOString() ?? null,
    },
  };
}
