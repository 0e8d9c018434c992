import { Caller, type Reply } from './caller';
import type { License } from './load';

/** What clients read that check licenses offline, by path: the keys, the signed key set, a status list. */
export class PublishedTexts {
  private readonly caller = new Caller();
  readonly paths: readonly string[];
  private expected: unknown[] = [];

  /** @param license whose token names the status list */
  constructor({ token }: License) {
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as {
      status: { status_list: { uri: string } };
    };
    this.paths = [
      '/.well-known/jwks.json',
      '/.well-known/jwks.jwt',
      new URL(claims.status.status_list.uri).pathname,
    ];
  }

  /** Reads them while all is well. */
  async remember(server: string): Promise<void> {
    const answers = await this.read(server);
    const statuses = answers.map(({ status }) => status);
    if (statuses.some((status) => status !== 200)) throw new Error(`they were answered ${statuses.join()}`);
    this.expected = answers.map(({ body }) => body);
  }

  /** @returns paths that are not served, or keys that are not as they were remembered, with the status */
  async missingAt(server: string): Promise<string[]> {
    const answers = await this.read(server);
    return answers.flatMap(({ status, body }, n) => {
      // A list changes with each revocation; the keys do not.
      const isList = this.paths[n]?.includes('/status-lists/') === true;
      const isSame = isList || JSON.stringify(body) === JSON.stringify(this.expected[n]);
      return status === 200 && isSame ? [] : [`${this.paths[n]}: ${status}`];
    });
  }

  close(): void {
    this.caller.close();
  }

  private read(server: string): Promise<Reply[]> {
    return Promise.all(this.paths.map((path) => this.caller.send('GET', server + path)));
  }
}
