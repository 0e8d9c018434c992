import { KeyRing, SIGNER_SOURCE, type SignerSource } from '@aegis/signing';
import { Inject, Injectable } from '@nestjs/common';
import { HealthCheckService } from '@nestjs/terminus';
import { Lifecycle } from '../lifecycle';
import { DatabaseReadiness } from './database-readiness';

export type HealthStatus = 'healthy' | 'degraded' | 'unhealthy';

export interface Health {
  status: HealthStatus;
  database: HealthStatus;
  signing: HealthStatus;
}

/** Asks what the server depends on. */
@Injectable()
export class HealthService {
  constructor(
    private readonly checks: HealthCheckService,
    private readonly database: DatabaseReadiness,
    private readonly keyRing: KeyRing,
    private readonly lifecycle: Lifecycle,
    @Inject(SIGNER_SOURCE) private readonly signers: SignerSource,
  ) {}

  async check(): Promise<Health> {
    const database = await this.databaseStatus();
    const signing = this.signingStatus();
    const all = [database, signing];
    const status = all.includes('unhealthy')
      ? 'unhealthy'
      : all.includes('degraded')
        ? 'degraded'
        : 'healthy';
    return { status, database, signing };
  }

  /**
   * Whether requests may be sent here: what a validation needs is there (a database that takes writes and has the
   * audit partition of now, migrations, key ring), and the end has not begun. Issuing needs a signer too, which `/health`
   * tells apart: without one, installations must still find their licenses valid.
   */
  async isReady(): Promise<boolean> {
    // Migrations and key ring are settled before the lifecycle serves.
    return (
      this.lifecycle.isServing && (await this.databaseStatus()) === 'healthy' && this.lifecycle.isServing
    );
  }

  private databaseStatus(): Promise<HealthStatus> {
    return this.ask(() => this.database.check());
  }

  private signingStatus(): HealthStatus {
    return this.keyRing.canSign && this.signers.isAway !== true ? 'healthy' : 'degraded';
  }

  private async ask(indicator: Parameters<HealthCheckService['check']>[0][number]): Promise<HealthStatus> {
    try {
      await this.checks.check([indicator]);
      return 'healthy';
    } catch {
      return 'unhealthy';
    }
  }
}
