import { Agent as HttpAgent, type AgentOptions, type ClientRequestArgs } from 'node:http';
import { Agent as HttpsAgent, type AgentOptions as HttpsAgentOptions, type RequestOptions } from 'node:https';
import type { LookupFunction } from 'node:net';
import type { Duplex } from 'node:stream';

/** Or as long as the server says in `Keep-Alive`, if that is shorter. */
const IDLE_MS = 15_000;
/** Milliseconds after which a connection to the next address of a name is tried too. */
const NEXT_ADDRESS_MS = 1_000;
const MOST_IDLE = 256;
/** Of one endpoint: as many as its requests that are under way at once, so that a backlog needs no new ones. */
const IDLE_OF_ENDPOINT = 16;

/** Names the endpoint whose connections a request uses: others neither use nor end them. */
export interface EndpointOptions extends RequestOptions {
  endpointId: string;
}

/** Connections to receivers: kept for each endpoint, bounded for all of them together. */
export class Connections {
  private readonly http: PlainConnections;
  private readonly https: TlsConnections;

  /**
   * @param lookup judges where a connection may go
   * @param ca certificates that are trusted in place of those that Node trusts
   * @param idleMs how long a connection is kept that no request uses
   */
  constructor(lookup: LookupFunction, ca?: string, idleMs = IDLE_MS) {
    const options: AgentOptions = {
      keepAlive: true,
      maxFreeSockets: IDLE_OF_ENDPOINT,
      timeout: idleMs,
      lookup,
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_MS,
    };
    const hasRoom = (): boolean => this.idle < MOST_IDLE;
    this.http = new PlainConnections(hasRoom, options);
    // What could weaken TLS from the environment is said explicitly.
    this.https = new TlsConnections(hasRoom, {
      ...options,
      ca,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
      // So that a server without HTTP/1.1 refuses at once.
      ALPNProtocols: ['http/1.1'],
    });
  }

  of(protocol: string): HttpAgent {
    return protocol === 'https:' ? this.https : this.http;
  }

  /** Closes the connections of an endpoint that no request uses. */
  dropIdle(endpointId: string): void {
    for (const { freeSockets } of [this.http, this.https])
      for (const [name, sockets = []] of Object.entries(freeSockets))
        if (name.startsWith(prefixOf(endpointId))) for (const socket of [...sockets]) socket.destroy();
  }

  /** How many connections no request uses. */
  get idle(): number {
    return [this.http, this.https]
      .flatMap(({ freeSockets }) => Object.values(freeSockets))
      .reduce((sum, sockets) => sum + (sockets?.length ?? 0), 0);
  }

  /** Closes every connection. */
  close(): void {
    this.http.destroy();
    this.https.destroy();
  }
}

function prefixOf(endpointId: string): string {
  return `${endpointId}|`;
}

/** Connections with the same name are used for one another: all other options are the same for all. */
function nameOf(options: (ClientRequestArgs & Partial<EndpointOptions>) | undefined): string {
  return `${prefixOf(options?.endpointId ?? '')}${options?.host ?? ''}:${options?.port ?? ''}`;
}

class PlainConnections extends HttpAgent {
  constructor(
    private readonly hasRoom: () => boolean,
    options: AgentOptions,
  ) {
    super(options);
  }

  override getName(options?: ClientRequestArgs): string {
    return nameOf(options);
  }

  override keepSocketAlive(socket: Duplex): boolean {
    return this.hasRoom() && keeps(super.keepSocketAlive.bind(this), socket);
  }
}

class TlsConnections extends HttpsAgent {
  constructor(
    private readonly hasRoom: () => boolean,
    options: HttpsAgentOptions,
  ) {
    super(options);
  }

  override getName(options?: RequestOptions): string {
    return nameOf(options);
  }

  override keepSocketAlive(socket: Duplex): boolean {
    return this.hasRoom() && keeps(super.keepSocketAlive.bind(this), socket);
  }
}

/** Node's function answers true or false, which its types don't say. */
function keeps(decide: (socket: Duplex) => unknown, socket: Duplex): boolean {
  return decide(socket) === true;
}
