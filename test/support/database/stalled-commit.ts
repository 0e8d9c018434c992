import { DatabaseProxy, MarkerSearch, type Passing } from './database-proxy';

/** What `pg` sends to commit: a simple query. */
const COMMIT = Buffer.from('COMMIT\0');

/** Sits between a server and its PostgreSQL and, once switched on, holds back the answer to a commit. */
export class StalledCommit {
  private isArmed = false;

  private constructor(
    private readonly proxy: DatabaseProxy,
    /** The database's URL through here. */
    readonly url: string,
  ) {
    proxy.onConnection = () => this.passing();
  }

  /** @param databaseUrl without TLS */
  static async before(databaseUrl: string): Promise<StalledCommit> {
    const proxy = await DatabaseProxy.before(databaseUrl);
    return new StalledCommit(proxy, proxy.of(databaseUrl));
  }

  /** From now on anyone who commits gets no answer. */
  arm(): void {
    this.isArmed = true;
  }

  close(): Promise<void> {
    return this.proxy.close();
  }

  private passing(): Passing {
    const commits = new MarkerSearch(COMMIT);
    let isStalled = false;
    return {
      toDatabase: (chunk) => {
        isStalled = (commits.endsIn(chunk) && this.isArmed) || isStalled;
        return true;
      },
      toClient: () => !isStalled,
    };
  }
}
