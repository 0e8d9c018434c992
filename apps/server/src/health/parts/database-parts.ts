import { OBSTACLES } from '../database-readiness';
import type { PartRule } from './health-part';

const IN_USE = 'aegis_read_replica_in_use';

/** What keeps this process from validating. */
export const DATABASE_PART: PartRule = {
  name: 'database',
  metrics: ['aegis_database_obstacle'],
  look: (readings) =>
    readings.set('aegis_database_obstacle', 'obstacle').map((obstacle) => ({
      alarm: 'AegisDatabaseObstacle',
      message: `The database ${(OBSTACLES as Readonly<Record<string, string>>)[obstacle] ?? obstacle}: nothing can be validated.`,
    })),
};

/** Standbys that answer lists; numbered as in DATABASE_REPLICA_URLS. */
export const READ_REPLICAS_PART: PartRule = {
  name: 'read_replicas',
  metrics: [IN_USE],
  isOn: (readings) => readings.all(IN_USE).length > 0,
  look: (readings) =>
    readings
      .all(IN_USE)
      .filter(({ value }) => value === 0)
      .map(({ labels }) => ({
        alarm: 'AegisReadReplicaLeftOut',
        message: `The read replica ${labels.replica} is left out: lists are read from the primary.`,
      })),
};
