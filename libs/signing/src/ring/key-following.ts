import { KeyMetrics } from './key-metrics';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { Listener } from '@aegis/database';
import { type Job, Jobs } from '@aegis/jobs';
import { Logger } from '@aegis/logging';
import { Metrics } from '@aegis/metrics';
import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { KeyRing } from './key-ring.service';
import { ServedKeySet } from '../jws/served-key-set';
import { stateSince } from './signing-key.entity';
import { SigningReplicas } from './signing-replicas';

/** NOTIFY of the trigger on signing_keys. */
const CHANNEL = 'aegis_signing_keys';
const PAUSE_MS = 2000;

/**
 * Keeps the key ring of a server up to date: it reads the keys when the database announces a change, and every two
 * seconds besides; it opens keys whose files were added, and reports with which keys this process can sign. It reads the
 * signed key set again too. All of that has been done once before the first request is served.
 */
@Injectable()
export class KeyFollowing implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly id = randomUUID();
  private readonly listener: Listener;
  private readonly metrics: KeyMetrics;
  private readonly reading: Job;
  private stopped = false;
  /** Counts when the channel was found and lost; odd while it is heard. */
  private turns = 0;
  private hasReported = false;

  constructor(
    dataSource: DataSource,
    private readonly keyRing: KeyRing,
    private readonly replicas: SigningReplicas,
    keySet: ServedKeySet,
    private readonly logger: Logger,
    metrics: Metrics,
    private readonly jobs: Jobs,
  ) {
    this.metrics = new KeyMetrics(metrics);
    const pauses = { pauseMs: PAUSE_MS, startNeeds: 'first-run' } as const;
    this.reading = jobs.add({
      ...pauses,
      name: 'signing-keys',
      failure: 'the signing keys could not be read',
      run: () => this.look(),
    });
    jobs.add({
      ...pauses,
      name: 'signing-key-files',
      failure: 'signing keys could not be checked for changes, or those of this server could not be reported',
      run: () => keyRing.openKeys().finally(() => this.report()),
    });
    jobs.add({
      ...pauses,
      name: 'signed-key-set',
      failure: 'the signed key set could not be checked for changes',
      run: () => keySet.look(keyRing.known),
    });
    this.listener = new Listener(dataSource, CHANNEL, {
      onHeard: () => {
        this.turns += 1;
        void this.reading.runNow();
      },
      onNotice: () => void this.reading.runNow(),
      onLost: (error) => {
        this.lose(error);
      },
    });
  }

  /** The keys are read again, now that changes are announced. */
  async onApplicationBootstrap(): Promise<void> {
    this.listener.start();
    await this.reading.runNow();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    this.trust(false);
    // A report that follows would put this server into the table again.
    await this.jobs.beforeApplicationShutdown();
    await this.listener.stop();
    // A start that failed before has nothing to remove.
    if (!this.hasReported) return;
    await this.replicas.leave(this.id).catch((error: unknown) => {
      this.logger.write('warn', 'this server could not sign off from the table of replicas', { error });
    });
  }

  private lose(error: unknown): void {
    const wasHeard = this.turns % 2 === 1;
    if (wasHeard) this.turns += 1;
    this.trust(false);
    if (wasHeard && !this.stopped)
      this.logger.write(
        'warn',
        'notifications about signing keys are not available at the moment: polling instead',
        {
          error,
        },
      );
  }

  /** Reads the keys. What was read can be trusted for long only if the channel was heard before the reading began. */
  private async look(): Promise<void> {
    await this.listener.probe();
    const turn = this.turns;
    let seen = false;
    try {
      await this.keyRing.refresh();
      seen = true;
    } finally {
      this.trust(seen && turn === this.turns && turn % 2 === 1);
      this.metrics.keysSeen(
        this.keyRing.canSign,
        this.keyRing.known.map((key) => ({ kid: key.kid, state: key.state, since: stateSince(key) })),
      );
    }
  }

  private trust(live: boolean): void {
    this.keyRing.hasLiveNotifications = live && !this.stopped;
    this.metrics.notified(live);
  }

  private async report(): Promise<void> {
    await this.replicas.report({
      id: this.id,
      name: `${hostname()}:${process.pid}`,
      kids: this.keyRing.heldKids,
    });
    this.hasReported = true;
  }
}
