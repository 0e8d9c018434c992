import type { SeededRandom } from './random';

/** What a server answered; status 0: nothing. */
export interface SeatReply {
  status: number;
  body: unknown;
}

/** Sends a request to one of the servers. `keyed`: with an API key that may do everything. */
export type Send = (method: string, path: string, body: object, keyed: boolean) => Promise<SeatReply>;

/** Of an answer, as far as histories read it. */
interface Body {
  id?: string;
  code?: string;
  lease_ends_at?: string | null;
  ended_by?: string;
  ended_at?: string;
  in_use?: number;
  limit?: number;
}

/** What was asked of a license, and answered. Times are those of this machine, which the database is on too. */
export interface SeatEvent {
  kind: 'activate' | 'heartbeat' | 'release' | 'end' | 'max' | 'suspend' | 'reinstate' | 'lapse';
  fingerprint: string;
  /** Of the activation that was named. */
  id?: string;
  began: number;
  ended: number;
  status: number;
  body: Body;
  /** Of a change of the maximum. */
  cap?: number;
}

/** The terms of a license that has a history. */
export interface HistoryTerms {
  max: number;
  overage: number;
  moves: number | null;
  takeOver: boolean;
  mode: 'fixed' | 'floating';
}

const FINGERPRINTS = 9;
const DRAWN = [
  ...Array<'activate'>(9).fill('activate'),
  ...Array<'heartbeat'>(6).fill('heartbeat'),
  ...Array<'release'>(4).fill('release'),
  ...['lapse', 'lapse', 'end', 'max', 'suspend', 'reinstate'],
] as SeatEvent['kind'][];

/** A license, and clients that ask for its seats at once. */
export class SeatHistory {
  readonly events: SeatEvent[] = [];
  /** Activations that were answered, by the fingerprint that they are of. */
  private readonly known = new Map<string, string>();

  /** @param lapse lets the lease of an activation be over, as if time had passed */
  constructor(
    readonly license: { readonly id: string; readonly token: string },
    readonly terms: HistoryTerms,
    private readonly random: SeededRandom,
    private readonly send: Send,
    private readonly lapse: (activationId: string) => Promise<void>,
  ) {}

  /** Lets so many clients ask so often, and suspends no longer what is suspended in the end. */
  async run(clients: number, length: number): Promise<void> {
    const one = async (): Promise<void> => {
      for (let n = 0; n < length; n += 1) await this.step();
    };
    await Promise.all(Array.from({ length: clients }, one));
    await this.ask('reinstate', '', undefined);
  }

  private async step(): Promise<void> {
    const kind = this.random.pick(DRAWN);
    const fingerprint = `machine-${this.random.below(FINGERPRINTS)}`;
    const named = this.known.get(fingerprint);
    const needsActivation = ['heartbeat', 'release', 'end', 'lapse'].includes(kind);
    if (needsActivation && named === undefined) return;
    if (kind === 'lapse' && this.terms.mode === 'fixed') return;
    await this.ask(kind, fingerprint, named);
  }

  private async ask(kind: SeatEvent['kind'], fingerprint: string, id: string | undefined): Promise<void> {
    const { token } = this.license;
    const licensePath = `/api/v1/licenses/${this.license.id}`;
    const cap = kind === 'max' ? 1 + this.random.below(this.terms.max + 2) : undefined;
    const takeOver = this.random.below(2) === 0 ? { take_over: 'oldest' } : {};
    const began = Date.now();
    const reply = await this.requestOf(kind, {
      activate: ['/api/v1/activations', { ...asked(token, fingerprint), ...takeOver }, false],
      heartbeat: [`/api/v1/activations/${id}/heartbeat`, { token, fingerprint, with_token: false }, false],
      release: [`/api/v1/activations/${id}/release`, { token, fingerprint }, false],
      end: [`${licensePath}/activations/${id}/end`, { reason: 'a history' }, true],
      max: [`${licensePath}/seats`, { max: cap }, true],
      suspend: [`${licensePath}/suspend`, { reason: 'a history' }, true],
      reinstate: [`${licensePath}/reinstate`, { reason: 'a history' }, true],
      lapse: [id ?? '', {}, false],
    });
    const body = (typeof reply.body === 'object' && reply.body !== null ? reply.body : {}) as Body;
    this.events.push({
      ...{ kind, fingerprint, id, began, ended: Date.now(), status: reply.status, body },
      ...(cap !== undefined && { cap }),
    });
    if (kind === 'activate' && body.id !== undefined && reply.status < 300)
      this.known.set(fingerprint, body.id);
  }

  private async requestOf(
    kind: SeatEvent['kind'],
    requests: Readonly<Record<SeatEvent['kind'], [path: string, body: object, keyed: boolean]>>,
  ): Promise<SeatReply> {
    const [path, body, keyed] = requests[kind];
    if (kind !== 'lapse') return this.send(kind === 'max' ? 'PUT' : 'POST', path, body, keyed);
    await this.lapse(path);
    return { status: 200, body: {} };
  }
}

/** A request for a seat. */
export function asked(token: string, fingerprint: string): object {
  return { token, module_name: 'payroll', odoo_version: '17.0', fingerprint };
}
