import type { DataSource } from 'typeorm';
import type { Diagnosis } from './diagnosis';

/** Whether somebody can manage the server, and for how long. */
export async function examineApiKeys(dataSource: DataSource): Promise<Diagnosis[]> {
  const [row] = await dataSource.query<{ usable: number; lasting: number }[]>(
    `SELECT count(*)::int AS usable,
            (count(*) FILTER (WHERE expires_at IS NULL OR expires_at > clock_timestamp() + interval '14 days'))::int AS lasting
     FROM api_keys
     WHERE 'admin' = ANY(scopes) AND is_active AND deleted_at IS NULL
       AND (expires_at IS NULL OR expires_at > clock_timestamp())`,
  );
  const remedy = '`aegis api-keys create --name <name> --scopes admin`.';
  if (row === undefined || row.usable === 0)
    return [{ severity: 'problem', message: 'no API key can administer this server', remedy }];
  if (row.lasting === 0)
    return [
      {
        severity: 'warning',
        message: 'the last API key with the scope admin expires within 14 days',
        remedy,
      },
    ];
  return [];
}
