import type { Environment } from '@aegis/config';
import type { DataSource } from 'typeorm';
import { type PrimaryPosition, primaryPositionOf } from './primary-position';
import { type Comparison, Replica } from './replica';
import type { Standing } from './standing';

/**
 * Compares standbys with their primary.
 * @returns how they compare, in their order; undefined while the database is not a primary
 * @throws when the primary cannot be reached
 */
export async function compareAll(
  primary: DataSource,
  replicas: readonly Replica[],
): Promise<Comparison[] | undefined> {
  const position = await primaryPositionOf(primary);
  if (position === undefined) return undefined;
  const compared = await Promise.all(replicas.map((replica) => replica.compare(position)));
  const later = await primaryPositionOf(primary);
  // A standby is sent only what is durable on its primary: one that is further does not follow this one.
  return later && compared.map((one) => (isAhead(one, later) ? { ...one, standing: 'other_history' } : one));
}

/**
 * Compares each read replica with the primary, once.
 * @returns how they compare, in the order of DATABASE_REPLICA_URLS; nothing while the database is not a primary
 */
export async function compareReplicas(primary: DataSource, environment: Environment): Promise<Standing[]> {
  const { DATABASE_REPLICA_URLS: urls = [] } = environment;
  if (urls.length === 0) return [];
  const replicas = urls.map((url) => new Replica(url, environment, () => undefined));
  try {
    return ((await compareAll(primary, replicas)) ?? []).map(({ standing }) => standing);
  } finally {
    await Promise.all(replicas.map((replica) => replica.close()));
  }
}

/** @param later read on the primary after the standby was asked */
function isAhead({ standing, replayed }: Comparison, later: PrimaryPosition): boolean {
  return standing === 'up_to_date' && replayed !== null && bytesOf(replayed) > bytesOf(later.lsn);
}

/** A position as a number: PostgreSQL writes two hexadecimal ones of 32 bits. */
function bytesOf(lsn: string): bigint {
  const [high = '0', low = '0'] = lsn.split('/');
  return (BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`);
}
