import type { Environment } from '@aegis/config';
import { compareReplicas, STANDINGS } from '@aegis/replicas';
import type { DataSource } from 'typeorm';
import type { Diagnosis } from './diagnosis';

/** Whether servers can read from each of DATABASE_REPLICA_URLS. Without one of them the primary answers. */
export async function examineReplicas(
  dataSource: DataSource,
  environment: Environment,
): Promise<Diagnosis[]> {
  const standings = await compareReplicas(dataSource, environment);
  return standings.flatMap((standing, index) =>
    standing === 'up_to_date'
      ? []
      : [
          {
            severity: 'warning' as const,
            message: `read replica ${index + 1} is left out: ${STANDINGS[standing]}`,
            remedy: 'docs/read-replicas.md says what to do for each reason.',
          },
        ],
  );
}
