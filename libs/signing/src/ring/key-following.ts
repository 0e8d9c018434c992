import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { Listener } from '@aegis/database';
import { Logger } from '@aegis/logging';
import { Metrics } from '@aegis/metrics';
import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { KeyRing } from './key-ring.service';
import { ServedKeySet } from '../jws/served-key-set';
import type { SigningKey, SigningKeyState } from './signing-key.entity';
import { SigningReplicas } from './signing-replicas';

/** NOTIFY of the trigger on signing_keys. */
const CHANNEL = 'aegis_signing_keys';
const PAUSE_MS = 2000;

/**
 * Keeps the key ring of a server up to date: told of changes at once, it also looks itself every two seconds, opens
 * keys that have come to lie there, and reports with which keys this process can sign. Looks for a signed key set too.
 */
@Injectable()
export class KeyFollowing implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly id = randomUUID();
  private readonly listener: Listener;
  private timer?: NodeJS.Timeout;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;
  private readonly failing = new Set<string>();
  /** Counts when the channel was found and lost; odd while it is heard. */
  private turns = 0;

  constructor(
    dataSource: DataSource,
    private readonly keyRing: KeyRing,
    private readonly replicas: SigningReplicas,
    private readonly keySet: ServedKeySet,
    private readonly logger: Logger,
    private readonly metrics: Metrics,
  ) {
    this.listener = new Listener(dataSource, CHANNEL, {
      onHeard: () => {
        this.turns += 1;
        void this.look();
      },
      onNotice: () => void this.look(),
      onLost: (error) => {
        this.lose(error);
      },
    });
  }

  /** Has reported before the first request is served. */
  async onApplicationBootstrap(): Promise<void> {
    this.listener.start();
    this.running = this.runAndGoOn();
    await this.running;
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    this.trust(false);
    await this.running;
    await this.listener.stop();
    await this.attempt('this server could not sign off from the table of replicas', () =>
      this.replicas.leave(this.id),
    );
  }

  private async runAndGoOn(): Promise<void> {
    await this.listener.probe();
    await this.look();
    await this.attempt('signing keys could not be looked for', () => this.keyRing.openKeys());
    await this.attempt('the signed key set could not be looked for', () =>
      this.keySet.look(this.keyRing.known),
    );
    await this.attempt('the keys of this server could not be reported', () => this.report());
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.running = this.runAndGoOn();
    }, PAUSE_MS).unref();
  }

  private lose(error: unknown): void {
    const wasHeard = this.turns % 2 === 1;
    if (wasHeard) this.turns += 1;
    this.trust(false);
    if (wasHeard && !this.stopped)
      this.logger.write('warn', 'changes of signing keys are not told at the moment: they are looked up', {
        error,
      });
  }

  /** Reads the keys. Until the channel was heard before a reading began, nothing that was read can be trusted for long. */
  private async look(): Promise<void> {
    const turn = this.turns;
    const seen = await this.attempt('the signing keys could not be read', () => this.keyRing.refresh());
    this.trust(seen && turn === this.turns && turn % 2 === 1);
    this.metrics.signingKeysSeen(this.keyRing.canSign, this.keyRing.known.map(keyAge));
  }

  private trust(told: boolean): void {
    this.keyRing.isTold = told && !this.stopped;
    this.metrics.signingKeysTold(told);
  }

  private report(): Promise<void> {
    return this.replicas.report({
      id: this.id,
      name: `${hostname()}:${process.pid}`,
      kids: this.keyRing.heldKids,
    });
  }

  private async attempt(failure: string, work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work();
      this.failing.delete(failure);
      return true;
    } catch (error) {
      // Once, not every two seconds.
      if (!this.failing.has(failure) && !this.stopped) this.logger.write('warn', failure, { error });
      this.failing.add(failure);
      return false;
    }
  }
}

/** Since when a key is in its state. */
function keyAge(key: SigningKey): { kid: string; state: SigningKeyState; since: Date } {
  const since = {
    pending: key.created_at,
    active: key.activated_at,
    retired: key.retired_at,
    compromised: key.compromised_at,
  }[key.state];
  return { kid: key.kid, state: key.state, since: since ?? key.created_at };
}
