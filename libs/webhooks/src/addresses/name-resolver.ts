import { Resolver } from 'node:dns/promises';

/** A name could not be resolved. */
export class LookupFailed extends Error {
  override readonly name = 'LookupFailed';
}

/**
 * Addresses of a name, IPv4 and IPv6.
 * @throws LookupFailed when there are none, or the question got no answer
 */
export type ResolveName = (name: string) => Promise<readonly string[]>;

/** Two questions, each of 1.5 seconds at first, end well within the time of an attempt. */
const QUESTION = { timeout: 1500, tries: 2 };
const LOOPBACK = ['127.0.0.1', '::1'];

/**
 * Asks DNS. `dns.lookup` would use one of four threads that files and cryptography need too: a few names whose servers
 * never answer would stop them. So `/etc/hosts` and search domains are not used; `localhost` is loopback (RFC 6761).
 */
export class NameResolver {
  private readonly asking = new Set<Resolver>();

  /** @param servers `address:port` each; those of the system unless given */
  constructor(private readonly servers?: readonly string[]) {}

  readonly resolve: ResolveName = async (name) => {
    if (/(^|\.)localhost\.?$/i.test(name)) return LOOPBACK;
    // One for each name: a resolver cancels all of its questions together.
    const resolver = new Resolver(QUESTION);
    if (this.servers !== undefined) resolver.setServers(this.servers);
    this.asking.add(resolver);
    try {
      const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
      const addresses = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
      if (addresses.length === 0) throw new LookupFailed(`no address of ${name}`);
      return addresses;
    } finally {
      this.asking.delete(resolver);
    }
  };

  /** Ends the questions that have no answer yet. */
  cancel(): void {
    for (const resolver of this.asking) resolver.cancel();
  }
}
