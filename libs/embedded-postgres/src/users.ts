import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from './error-code';
import { isRunning, ownIdentity, type ProcessIdentity } from './process-identity';

interface User extends ProcessIdentity {
  handle: string;
}

/**
 * Who uses a cluster: one entry a handle, so that a process may hold several. Called under the folder's lock.
 * Entries of processes that are gone are dropped at every change.
 */
export class ClusterUsers {
  private readonly path: string;

  constructor(folder: string, clusterId: string) {
    this.path = join(folder, `users-${clusterId}.json`);
  }

  /** @returns the handle by which to sign off */
  add(): string {
    const handle = randomBytes(8).toString('hex');
    this.write([...this.living(), { handle, ...ownIdentity() }]);
    return handle;
  }

  remove(handle: string): void {
    this.write(this.living().filter((user) => user.handle !== handle));
  }

  isEmpty(): boolean {
    return this.living().length === 0;
  }

  private living(): User[] {
    let text: string;
    try {
      text = readFileSync(this.path, 'utf8');
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return [];
      throw error;
    }
    return (JSON.parse(text) as User[]).filter(isRunning);
  }

  private write(users: User[]): void {
    const draft = `${this.path}.draft`;
    writeFileSync(draft, JSON.stringify(users), { mode: 0o600 });
    renameSync(draft, this.path);
  }
}
