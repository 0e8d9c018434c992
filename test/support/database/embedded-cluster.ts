import { readFileSync } from 'node:fs';
import { Client } from 'pg';
import { clusterIn } from '../../../libs/embedded-postgres/src/cluster';
import { clusterFolderPath } from '../../../libs/embedded-postgres/src/cluster-folder';
import { credentialsPath, readOrCreateCredentials } from '../../../libs/embedded-postgres/src/credentials';
import { findPostmaster, type Postmaster } from '../../../libs/embedded-postgres/src/postmaster';

/** The embedded PostgreSQL of another process, found as that one's next start would find it. */
export class EmbeddedCluster {
  constructor(private readonly dataDir: string) {}

  /** The running server process; undefined when there is none. */
  postmaster(): Postmaster | undefined {
    const { clusterId } = readOrCreateCredentials(this.dataDir);
    return findPostmaster(clusterIn({ path: clusterFolderPath(this.dataDir) }, clusterId));
  }

  /** A connection to the application's database, past its role's limits. */
  async connect(): Promise<Client> {
    const { superuserPassword } = readOrCreateCredentials(this.dataDir);
    const port = this.postmaster()?.port ?? 0;
    const client = new Client(`postgres://postgres:${superuserPassword}@127.0.0.1:${port}/aegis`);
    // The connection may be cut by the test itself.
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  /** All passwords of it. */
  passwords(): string[] {
    const { clusterId: _, ...passwords } = JSON.parse(
      readFileSync(credentialsPath(this.dataDir), 'utf8'),
    ) as Record<string, string>;
    return Object.values(passwords);
  }
}
