import { ACTIVATION_FINGERPRINT, withoutOuterWhiteSpace } from '@aegis/license-token';
import { type CurrentKeys, type OpenKeys, readCurrentKeys } from '../keys/trusted-keys';
import { textOption } from '../option-checks';
import type { LicenseTrust } from '../proven-license';
import { randomShare } from '../random-share';
import { type Schedule, scheduleByTimer } from '../timers';
import type { Instance } from '../verify-license';
import { type Clocks, PLATFORM_CLOCKS, Stopwatch } from './lease-clock';
import {
  askForSeat,
  type HeldActivation,
  isHeldActivation,
  isNothing,
  type SeatAnswer,
  type SeatProblem,
  type SeatServerOptions,
} from './seat-server';
import { countsSeats, newerLicense, readSeatState, type SeatState, type SeatStorage } from './seat-state';

export interface SeatHolderOptions extends SeatServerOptions {
  /** The license token that the program was given. */
  token: string;
  /** As for `verifyLicense`: a license token by another key does not replace the one that is there. */
  keys: CurrentKeys;
  module: string;
  version: string;
  instance?: Instance | null;
  /** The installation's own identity, 1 to 255 printable characters; best a random id that is made once and kept. */
  fingerprint: string;
  /** For the people who manage the license. */
  name?: string;
  storage: SeatStorage;
  /** Called with what happens. */
  onEvent?: (event: SeatEvent) => void;
  /** In place of the platform's clocks and timer. */
  clocks?: Clocks;
  schedule?: Schedule;
  /** From 0 to 1, without 1. */
  random?: () => number;
}

/** What happens to a seat. */
export type SeatEvent =
  /** It holds a seat: at first, or again. */
  | { event: 'held' }
  /** The server gave a newer license token; it is saved. */
  | { event: 'license'; token: string }
  /** The server refuses a seat, or a heartbeat: see `problem.code`. */
  | { event: 'refused'; problem: SeatProblem }
  /** It no longer holds its seat, and does not ask for another one: a person decides. */
  | { event: 'lost'; problem: SeatProblem }
  /** The server could not be reached until the end of the lease. It is still asked. */
  | { event: 'lease_ended' };

/** Seconds between attempts while the server cannot be reached. */
const SHORTEST_S = 10;
const LONGEST_S = 300;
/** Seconds between heartbeats, whatever the server answers: it asks for a third of a lease, which has a minute at least. */
const [LEAST_DUE_S, MOST_DUE_S] = [SHORTEST_S, 86_400];
/** Seconds after which it is looked whether a machine has slept. */
const LOOK_S = 60;
/** Of a heartbeat's delay, at random, both ways. */
const JITTER = 0.1;

interface Lease {
  /** From the request on, whose answer it is. */
  since: Stopwatch;
  /** Milliseconds; null where it has no end, as of a fixed seat. */
  lasts: number | null;
  /** Milliseconds until the next request. */
  due: number;
}

/**
 * Holds a seat of a license: asks for it, sends heartbeats, gives it back. A license that counts no seats needs none: then
 * this does nothing. Give `shown` to `verifyLicense`.
 */
export class SeatHolder {
  private state: SeatState;
  private lease: Lease | null = null;
  private failures = 0;
  private isRunning = false;
  private isHeld = false;
  private pending: Promise<void> = Promise.resolve();
  private cancel: (() => void) | null = null;
  private readonly clocks: Clocks;
  private readonly openKeys: OpenKeys;

  /** @throws TypeError that names an option that is wrong */
  constructor(private readonly options: SeatHolderOptions) {
    for (const name of ['baseUrl', 'token', 'module', 'version', 'fingerprint'] as const)
      textOption(options[name], name);
    if (!ACTIVATION_FINGERPRINT.test(options.fingerprint))
      throw new TypeError('fingerprint must have 1 to 255 printable characters');
    const { load, save } = options.storage as Partial<SeatStorage>;
    if (typeof load !== 'function' || typeof save !== 'function')
      throw new TypeError('storage must have the functions load and save');
    this.openKeys = readCurrentKeys(options.keys);
    this.clocks = options.clocks ?? PLATFORM_CLOCKS;
    this.state = { license_token: withoutOuterWhiteSpace(options.token), activation: null };
  }

  /** The newest license token: the one that was given, or one that the server gave since. */
  get token(): string {
    return this.state.license_token;
  }

  /** The option `activation` of `verifyLicense`; undefined where it has no activation token. */
  get shown(): { token: string; fingerprint: string } | undefined {
    const token = this.state.activation?.token;
    return token ? { token, fingerprint: this.options.fingerprint } : undefined;
  }

  /**
   * Takes up the seat that was kept, or asks for one, and keeps it by heartbeats until `stop()` or `release()`.
   * @returns once the first answer has come, or none can come now
   */
  async start(): Promise<void> {
    if (this.isRunning) return;
    this.isRunning = true;
    this.state = await readSeatState(await this.loaded(), this.state.license_token, this.trust());
    if (!countsSeats(this.token)) this.isRunning = false;
    else await this.beat();
  }

  /** Ends the heartbeats. The seat is held until its lease ends, and by the same fingerprint again. */
  stop(): void {
    this.isRunning = false;
    this.cancel?.();
    this.cancel = null;
  }

  /**
   * Asks for a seat, now. Without `takeOver` nobody loses one.
   * @param takeOver id of an activation that is to end for this one, or `oldest`; only a person should choose that
   * @returns whether it holds a seat, or needs none
   */
  async activate(takeOver?: string): Promise<boolean> {
    if (!countsSeats(this.token)) return true;
    const { module, version, instance, fingerprint, name } = this.options;
    const asked = new Stopwatch(this.clocks);
    const answer = await askForSeat(
      this.options,
      '/api/v1/activations',
      {
        token: this.token,
        module_name: module,
        odoo_version: version,
        ...(instance?.db_uuid && { instance_db_uuid: instance.db_uuid }),
        ...(instance?.domain && { instance_domain: instance.domain }),
        fingerprint,
        ...(name !== undefined && { name }),
        ...(takeOver !== undefined && { take_over: takeOver }),
      },
      isHeldActivation,
    );
    if (answer.outcome === 'answered') {
      await this.hold(answer.body, asked);
      return true;
    }
    if (answer.outcome === 'refused') this.tell({ event: 'refused', problem: answer.problem });
    this.waitAfter(answer);
    return false;
  }

  /**
   * Gives the seat back, and stops. May be repeated.
   * @returns whether the server knows; if not, the seat is free when its lease ends
   */
  async release(): Promise<boolean> {
    this.stop();
    // What was asked before may bring a seat.
    await this.pending;
    const { activation } = this.state;
    if (activation === null) return true;
    const answer = await askForSeat(
      this.options,
      `/api/v1/activations/${encodeURIComponent(activation.id)}/release`,
      { token: this.token, fingerprint: this.options.fingerprint },
      isNothing,
    );
    const isFree = answer.outcome === 'answered' || isUnknown(answer);
    if (!isFree) return false;
    this.forget();
    await this.keep({ ...this.state, activation: null });
    return true;
  }

  private async beat(): Promise<void> {
    const { activation } = this.state;
    this.pending =
      activation === null ? this.activate().then(() => undefined) : this.heartbeat(activation.id);
    await this.pending;
    this.plan();
  }

  private async heartbeat(id: string): Promise<void> {
    const asked = new Stopwatch(this.clocks);
    const answer = await askForSeat(
      this.options,
      `/api/v1/activations/${encodeURIComponent(id)}/heartbeat`,
      { token: this.token, fingerprint: this.options.fingerprint },
      isHeldActivation,
    );
    if (answer.outcome === 'answered') {
      await this.hold(answer.body, asked);
      return;
    }
    if (answer.outcome === 'refused') await this.refused(answer.problem);
    else this.waitAfter(answer);
  }

  private async refused(problem: SeatProblem): Promise<void> {
    const isOver = problem.code === 'activation_ended' || problem.code === 'activation_not_found';
    if (!isOver) {
      // The license may be valid again before the lease ends.
      this.tell({ event: 'refused', problem });
      this.waitAfter({ outcome: 'refused', problem });
      return;
    }
    this.forget();
    await this.keep({ ...this.state, activation: null });
    if (problem.ended_by === 'lease') {
      if (this.isRunning) await this.activate();
      return;
    }
    this.stop();
    this.tell({ event: 'lost', problem });
  }

  private forget(): void {
    this.lease = null;
    this.isHeld = false;
  }

  private async hold(activation: HeldActivation, since: Stopwatch): Promise<void> {
    const { id, token, last_seen_at, lease_ends_at, heartbeat_after } = activation;
    const newer = await newerLicense(activation.license_token, this.token, this.trust());
    this.failures = 0;
    // Both times are the server's: the local clock may be wrong.
    const lasts = lease_ends_at === null ? null : Date.parse(lease_ends_at) - Date.parse(last_seen_at);
    const jitter = 1 + JITTER * (2 * this.random() - 1);
    const due = Math.min(Math.max(heartbeat_after ?? LONGEST_S, LEAST_DUE_S), MOST_DUE_S);
    this.lease = { since, lasts, due: due * 1000 * jitter };
    // A heartbeat may come without a token, while the signer is unavailable: then the last one counts until its end.
    const before = this.state.activation?.id === id ? this.state.activation.token : null;
    await this.keep({
      license_token: newer ?? this.token,
      activation: { id, token: token ?? before },
    });
    if (newer !== null) this.tell({ event: 'license', token: newer });
    if (!this.isHeld) this.tell({ event: 'held' });
    this.isHeld = true;
  }

  /** The next request, after one that brought nothing. */
  private waitAfter(answer: Exclude<SeatAnswer<unknown>, { outcome: 'answered' }>): void {
    this.failures += 1;
    const backoff = Math.min(SHORTEST_S * 2 ** Math.min(this.failures - 1, 10), LONGEST_S);
    const asked = answer.outcome === 'unreachable' ? (answer.retryAfter ?? 0) : LONGEST_S;
    const wait = Math.max(backoff, asked) * 1000 * (1 + JITTER * this.random());
    if (this.lease === null) this.lease = { since: new Stopwatch(this.clocks), lasts: null, due: wait };
    else this.lease = { ...this.lease, due: this.lease.since.elapsed() + wait };
  }

  private plan(): void {
    if (!this.isRunning || this.lease === null) return;
    const { since, lasts, due } = this.lease;
    const elapsed = since.elapsed();
    const next = Math.min(due, lasts ?? Infinity) - elapsed;
    const schedule = this.options.schedule ?? scheduleByTimer;
    this.cancel = schedule(() => void this.look(), Math.min(Math.max(next, 0), LOOK_S * 1000));
  }

  /** After a minute, or a sleep. */
  private async look(): Promise<void> {
    const { lease } = this;
    if (!this.isRunning || lease === null) return;
    const elapsed = lease.since.elapsed();
    if (elapsed >= lease.due) {
      await this.beat();
      return;
    }
    if (lease.lasts !== null && elapsed >= lease.lasts) {
      this.lease = { ...lease, lasts: null };
      this.isHeld = false;
      this.tell({ event: 'lease_ended' });
    }
    this.plan();
  }

  private async keep(state: SeatState): Promise<void> {
    this.state = state;
    try {
      await this.options.storage.save(state);
    } catch {
      // After a restart the same fingerprint gets the same seat.
    }
  }

  private async loaded(): Promise<unknown> {
    try {
      return await this.options.storage.load();
    } catch {
      return null;
    }
  }

  private trust(): LicenseTrust {
    return { openKeys: this.openKeys, now: new Date(this.clocks.wall()) };
  }

  private tell(event: SeatEvent): void {
    try {
      this.options.onEvent?.(event);
    } catch {
      // A mistake in a callback must not end the heartbeats.
    }
  }

  private random(): number {
    return this.options.random?.() ?? randomShare();
  }
}

function isUnknown(answer: SeatAnswer<unknown>): boolean {
  return answer.outcome === 'refused' && answer.problem.code === 'activation_not_found';
}
