import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Ed25519Jwk, KeySetKey } from '@aegis/license-token';

export const VECTORS = resolve(__dirname, '../../../clients/vectors');

/** State of a client's clock guard, seconds since 1970. */
export interface VectorGuard {
  trusted_at: number;
  seen_at: number;
}

/** An activation token, and what the installation knows of it. */
export interface VectorActivation {
  token: string;
  fingerprint: string;
  nonce?: string;
  status_list?: string;
}

/** What to answer, as JSON. */
export interface VectorAnswer {
  valid: boolean;
  code: string;
  warnings: string[];
  license_id: string | null;
  license_type: string | null;
  customer_name: string | null;
  expires_at: string | null;
  entitlements: Record<string, unknown>;
  activation: { id: string; lease_ends_at: string | null; over: boolean } | null;
  revocation: string;
  clock: string;
  guard?: VectorGuard | null;
}

/** A question and its answer, as clients/vectors/vector.schema.json describes it. */
export interface Vector {
  id: string;
  description: string;
  token: string;
  question: { module: string; version: string; instance: { db_uuid: string; domain: string } | null };
  issuers: string[];
  keys: KeySetKey[] | { key_set: string; root: Ed25519Jwk };
  /** Seconds since 1970. */
  now: number;
  /** Seconds. */
  max_offline?: number;
  status_list?: string;
  guard?: VectorGuard | null;
  activation?: VectorActivation;
  expect: VectorAnswer;
}

/** The names of the files of vectors. */
export function vectorFiles(): string[] {
  return readdirSync(VECTORS).filter((name) => name.endsWith('.json') && name !== 'vector.schema.json');
}

/** What a file of vectors says, as JSON. */
export function readVectorFile(name: string): { vectors: Vector[] } {
  return JSON.parse(readFileSync(join(VECTORS, name), 'utf8')) as { vectors: Vector[] };
}

/** The vectors of all files. */
export function readVectors(): Vector[] {
  return vectorFiles().flatMap((name) => readVectorFile(name).vectors);
}
