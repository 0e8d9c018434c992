import type { ServerProcess } from '../../support/processes/server-process';
import { until } from '../../support/until';
import { Caller, type Reply } from './caller';
import { whatIsLost } from './consistency';
import { Link } from './link';
import { Load } from './load';
import { type PostgresPlaces, type PostgresSettings, RowPostgres } from './postgres';
import { Servers } from './servers';
import { template } from './template';

export interface RowOptions {
  /** Settings of PostgreSQL. */
  postgres?: PostgresSettings;
  /** Where PostgreSQL keeps its data and its WAL. */
  places?: PostgresPlaces;
  /** Settings of the server. */
  server?: Readonly<Record<string, string>>;
  /** Of 20 requests, how many issue and how many revoke. */
  mix?: { issue: number; revoke: number };
}

/** What most rows need: a PostgreSQL, one server with a link between them, and a load that has its first licenses. */
export class Row {
  readonly caller = new Caller(template().apiKey);
  postgres!: RowPostgres;
  link!: Link;
  servers!: Servers;
  server!: ServerProcess;
  load!: Load;
  private readonly undo: (() => unknown)[] = [];

  private constructor() {
    this.undo.push(() => {
      this.caller.close();
    });
  }

  static async start(options: RowOptions = {}): Promise<Row> {
    const row = new Row();
    try {
      await row.start(options);
    } catch (error) {
      await row.close();
      throw error;
    }
    return row;
  }

  /** Sends a request with the API key of the template. */
  send(method: string, path: string, body?: object, headers?: Record<string, string>): Promise<Reply> {
    return this.caller.send(method, this.server.url + path, body, headers);
  }

  /** Starts the load, and waits until requests are answered well. @param rate requests per second */
  async startLoad(rate: number): Promise<void> {
    this.load.start(rate);
    await this.answeredWell(rate);
  }

  /** Waits until so many of the requests that are sent from now on were answered well. */
  async answeredWell(count: number): Promise<void> {
    const before = this.load.operations.length;
    await until(`${count} requests are answered well`, () => {
      if (this.server.hasEnded) throw new Error(`the server ended:\n${this.server.output.slice(-8192)}`);
      const later = this.load.operations.slice(before);
      return Promise.resolve(
        later.filter(({ reply }) => reply?.status === 200 || reply?.status === 201).length >= count,
      );
    });
  }

  /** Waits until readiness is that. @returns how long it took, in milliseconds */
  async untilReadyIs(status: 200 | 503): Promise<number> {
    const began = performance.now();
    await until(`readiness is ${status}`, async () => (await this.server.probe('ready')) === status);
    return performance.now() - began;
  }

  /**
   * Ends the load, repeats what has no known outcome, and compares all that was acknowledged with the database.
   * @returns what is wrong; nothing should be
   */
  async whatIsWrong(): Promise<string[]> {
    await this.load.stop();
    await this.load.settle();
    return [
      ...(this.server.hasEnded ? ['the server ended'] : []),
      ...this.load.contradictions,
      ...(await whatIsLost(this.load, this.postgres)),
    ];
  }

  async close(): Promise<void> {
    for (const undo of this.undo.reverse()) await undo();
  }

  private async start({ postgres = {}, places, server, mix }: RowOptions): Promise<void> {
    this.postgres = await RowPostgres.start(postgres, places);
    this.undo.push(() => this.postgres.close());
    this.link = await Link.to(this.postgres.port);
    this.undo.push(() => this.link.close());
    this.servers = new Servers(this.link.of(this.postgres.applicationUrl));
    this.undo.push(() => this.servers.close());
    this.server = await this.servers.start(server);
    this.load = new Load(() => [this.server.url], mix);
    this.undo.push(() => {
      this.load.close();
    });
    await this.load.prepare();
  }
}
