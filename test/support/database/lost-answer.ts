import { DatabaseProxy, MarkerSearch, type Passing, type ProxiedConnection } from './database-proxy';

/** The tag of an insert that was carried out. */
const INSERTED = Buffer.from('INSERT 0 ');

/**
 * Sits between a client and its PostgreSQL and, when armed, cuts the connection between a statement that was
 * carried out and its answer: anyone who asked can't know that it was.
 */
export class LostAnswer {
  private marker: Buffer | undefined;
  private lost = 0;

  private constructor(
    private readonly proxy: DatabaseProxy,
    /** The database's URL through here. */
    readonly url: string,
  ) {
    proxy.onConnection = (connection) => this.passing(connection);
  }

  /** @param databaseUrl without TLS */
  static async before(databaseUrl: string): Promise<LostAnswer> {
    const proxy = await DatabaseProxy.before(databaseUrl);
    return new LostAnswer(proxy, proxy.of(databaseUrl));
  }

  /** How many answers were lost. */
  get count(): number {
    return this.lost;
  }

  /** @param marker text that is sent with the insert whose answer gets lost: of the statement or its name */
  arm(marker: string): void {
    this.marker = Buffer.from(marker);
  }

  close(): Promise<void> {
    return this.proxy.close();
  }

  private passing({ cut }: ProxiedConnection): Passing {
    let search: { for: Buffer; in: MarkerSearch } | undefined;
    let answers: MarkerSearch | undefined;
    return {
      toDatabase: (chunk) => {
        if (this.marker === undefined) return true;
        if (search?.for !== this.marker) search = { for: this.marker, in: new MarkerSearch(this.marker) };
        if (search.in.endsIn(chunk)) {
          answers = new MarkerSearch(INSERTED);
          this.marker = undefined;
        }
        return true;
      },
      toClient: (chunk) => {
        if (answers?.endsIn(chunk) !== true) return true;
        this.lost += 1;
        cut();
        return false;
      },
    };
  }
}
