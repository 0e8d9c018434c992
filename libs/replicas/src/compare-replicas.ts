import type { Environment } from '@aegis/config';
import type { DataSource } from 'typeorm';
import { primaryPositionOf } from './primary-position';
import { Replica } from './replica';
import type { Standing } from './standing';

/**
 * Compares each read replica with the primary, once.
 * @returns how they compare, in the order of DATABASE_REPLICA_URLS; nothing while the database is not a primary
 */
export async function compareReplicas(primary: DataSource, environment: Environment): Promise<Standing[]> {
  const { DATABASE_REPLICA_URLS: urls = [] } = environment;
  if (urls.length === 0) return [];
  const position = await primaryPositionOf(primary);
  if (position === undefined) return [];
  return Promise.all(
    urls.map(async (url) => {
      const replica = new Replica(url, environment, () => undefined);
      try {
        return (await replica.compare(position)).standing;
      } finally {
        await replica.close();
      }
    }),
  );
}
