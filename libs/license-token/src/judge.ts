import { liveSeat, refusedBySeat, type SeatEvidence } from './activations/seat-evidence';
import type { LicenseClaims } from './claims/claims';
import type { Entitlements } from './claims/entitlements';
import type { ListedStatus } from './status-lists/status-list-reader';
import { type HeldSeat, type Verdict, VERDICT_ERRORS, type VerdictCode, type Warning } from './verdict';
import { majorVersion } from './version';

/** What an installation asks. */
export interface Question {
  /** Technical name of the module that wants to run. */
  module_name: string;
  /** As the installation reports it, e.g. `17.0.1.2`. */
  odoo_version: string;
  /** `instanceFingerprint()` of the asking installation; null when its database UUID or its domain was not given. */
  instance_fingerprint: string | null;
}

/** How far the token could be proven, and once its signature holds, all that is known about it. */
export type Evidence =
  { proof: 'malformed' } | { proof: 'unknown_key' } | { proof: 'signature_invalid' } | SignatureHolds;

export interface SignatureHolds {
  proof: 'signature_holds';
  claims: LicenseClaims;
  key: KeyTrust;
  /** Values of `iss` that are taken, ours first. */
  acceptedIssuers: readonly string[];
  /** The record of exactly this token; null if it has no record. */
  record: TokenRecord | null | OfflineRecord;
  /** Of the activation that the installation names. */
  activation: SeatEvidence;
}

/**
 * There is no record to read: `offline`, or a status list gives the status of the token (`listedStatus`). `refused`: the
 * local clock, or the status list that is there, is not one to judge by.
 */
export type OfflineRecord = 'offline' | { listed: ListedStatus } | { refused: OfflineRefusal };

/** In the order of the checks. */
export type OfflineRefusal = 'CLOCK_SET_BACK' | 'STATUS_LIST_INVALID' | 'STATUS_LIST_STALE';

/** `after` null: nothing that the key ever signed is valid. Otherwise only what was on record by then. */
export type KeyTrust = { compromised: false } | { compromised: true; after: Date | null };

export interface TokenRecord {
  recorded_at: Date;
  /** The token was replaced by a reissue that withdrew it. */
  superseded: boolean;
  /** The license has a token of a later revision. */
  newer_token_exists: boolean;
  /** As stored; that a token has expired is judged here, from its own `exp`. */
  license_status: 'active' | 'suspended' | 'revoked';
  customer_active: boolean;
}

/** Shared by all verdicts that have none. */
const NO_ENTITLEMENTS: Entitlements = Object.freeze({});
const DAY_MS = 24 * 60 * 60 * 1000;
const EXPIRES_SOON_MS = 30 * DAY_MS;

/**
 * Decides whether a license is valid, from what was found out about it: pure, so that the server, the command
 * line and an offline client can't differ. The first failing check names the code.
 * @param now the moment to judge: the database's clock on the server, the own clock offline
 */
export function judge(question: Question, evidence: Evidence, now: Date): Verdict {
  return decide(question, evidence, now, true);
}

/**
 * Decides whether a license may be given a seat, or keep one: by the same checks, except that no seat is asked for.
 * @param question null for a heartbeat: admission checked what was asked (module, version, instance), and the seat is its
 * answer
 * @param now the database's clock
 */
export function judgeForSeat(question: Question | null, evidence: Evidence, now: Date): Verdict {
  return decide(question, evidence, now, false);
}

function decide(question: Question | null, evidence: Evidence, now: Date, asksForSeat: boolean): Verdict {
  if (evidence.proof !== 'signature_holds') return unproven(unprovenCode(evidence.proof), now);
  if (isCompromised(evidence)) return unproven('KEY_COMPROMISED', now);
  const { claims, record, activation } = evidence;
  const seat = liveSeat(activation, now);
  const code =
    (acceptsIssuer(evidence) ? null : 'ISSUER_MISMATCH') ??
    (question && refusedForQuestion(question, claims)) ??
    refusedByRecord(record) ??
    (isExpired(claims, now) ? 'EXPIRED' : null) ??
    (asksForSeat ? refusedBySeat(claims, activation, seat) : null) ??
    'VALID';
  return {
    valid: code === 'VALID',
    code,
    error: VERDICT_ERRORS[code],
    warnings: code === 'VALID' ? warningsOf(evidence, seat, now) : [],
    license_id: claims.jti,
    license_type: claims.license_type,
    customer_name: claims.customer.name,
    expires_at: claims.exp === undefined ? null : new Date(claims.exp * 1000),
    entitlements: claims.entitlements ?? NO_ENTITLEMENTS,
    activation: seat,
    checked_at: now,
  };
}

/**
 * Names the license of the token in a verdict, for codes for which `judge()` does not name it.
 * @param claims of a token that is on record: this server wrote it, whatever happened to the key since
 */
export function namingLicense(verdict: Verdict, claims: LicenseClaims): Verdict {
  return {
    ...verdict,
    license_id: claims.jti,
    license_type: claims.license_type,
    customer_name: claims.customer.name,
    expires_at: claims.exp === undefined ? null : new Date(claims.exp * 1000),
    entitlements: claims.entitlements ?? NO_ENTITLEMENTS,
  };
}

/** A verdict that repeats no claim, since anyone may have written them. */
function unproven(code: VerdictCode, now: Date): Verdict {
  return {
    valid: false,
    code,
    error: VERDICT_ERRORS[code],
    warnings: [],
    license_id: null,
    license_type: null,
    customer_name: null,
    expires_at: null,
    entitlements: NO_ENTITLEMENTS,
    activation: null,
    checked_at: now,
  };
}

function unprovenCode(proof: Exclude<Evidence, SignatureHolds>['proof']): VerdictCode {
  switch (proof) {
    case 'malformed':
      return 'MALFORMED';
    case 'unknown_key':
      return 'UNKNOWN_KEY';
    case 'signature_invalid':
      return 'SIGNATURE_INVALID';
  }
}

/** Only a record can show that a token is older than the compromise: its own `iat` is the forger's to choose. */
function isCompromised({ key, record }: SignatureHolds): boolean {
  if (!key.compromised) return false;
  return key.after === null || record === null || isOffline(record) || record.recorded_at > key.after;
}

function acceptsIssuer({ claims, acceptedIssuers }: SignatureHolds): boolean {
  return acceptedIssuers.includes(claims.iss);
}

function refusedForQuestion(question: Question, claims: LicenseClaims): VerdictCode | null {
  const { module, instance_fingerprint: boundTo } = claims;
  const version = majorVersion(question.odoo_version);
  if (module.technical_name !== question.module_name) return 'MODULE_MISMATCH';
  if (version === null || !module.allowed_major_versions.includes(version)) return 'VERSION_NOT_ALLOWED';
  if (boundTo === undefined) return null;
  if (question.instance_fingerprint === null) return 'INSTANCE_REQUIRED';
  return question.instance_fingerprint === boundTo ? null : 'INSTANCE_MISMATCH';
}

function isOffline(record: TokenRecord | OfflineRecord): record is OfflineRecord {
  return record === 'offline' || 'listed' in record || 'refused' in record;
}

function refusedByRecord(record: SignatureHolds['record']): VerdictCode | null {
  if (record === null) return 'NOT_FOUND';
  if (isOffline(record)) return refusedOffline(record);
  switch (record.license_status) {
    case 'revoked':
      return 'REVOKED';
    case 'suspended':
      return 'SUSPENDED';
    case 'active':
      if (record.superseded) return 'SUPERSEDED';
      return record.customer_active ? null : 'CUSTOMER_INACTIVE';
  }
}

function refusedOffline(record: OfflineRecord): VerdictCode | null {
  if (record === 'offline') return null;
  return 'refused' in record ? record.refused : refusedByList(record.listed);
}

/** A list does not distinguish a superseded token from a revoked license. What it does not say is no reason to refuse. */
function refusedByList(listed: ListedStatus): VerdictCode | null {
  switch (listed) {
    case 'revoked':
      return 'REVOKED';
    case 'suspended':
      return 'SUSPENDED';
    case 'valid':
    case 'unknown':
      return null;
  }
}

/** Past its end, and past its days of grace. */
function isExpired({ exp, grace_days: graceDays = 0 }: LicenseClaims, now: Date): boolean {
  return exp !== undefined && isReached(exp * 1000 + graceDays * DAY_MS, now);
}

/** @param end the first millisecond after what is asked about */
function isReached(end: number, now: Date): boolean {
  // An invalid time is past every end.
  return !(now.getTime() < end);
}

function warningsOf({ claims, record }: SignatureHolds, seat: HeldSeat | null, now: Date): Warning[] {
  const warnings: Warning[] = [];
  if (claims.exp !== undefined && claims.exp * 1000 - now.getTime() <= EXPIRES_SOON_MS)
    warnings.push(isReached(claims.exp * 1000, now) ? 'IN_GRACE' : 'EXPIRES_SOON');
  if (record !== null && !isOffline(record) && record.newer_token_exists) warnings.push('REISSUE_AVAILABLE');
  if (seat?.over === true) warnings.push('SEAT_OVERAGE');
  return warnings;
}
