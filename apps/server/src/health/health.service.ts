import { Injectable, ServiceUnavailableException } from '@nestjs/common';
import { HealthCheckService, type HealthCheckResult } from '@nestjs/terminus';
import { Lifecycle } from '../lifecycle';
import { DatabaseReadiness } from './database-readiness';
import { SigningHealth } from './signing-health';

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
    private readonly signing: SigningHealth,
    private readonly lifecycle: Lifecycle,
  ) {}

  /** Without a signer the server is degraded: installations still find their licenses valid. */
  async check(): Promise<Health> {
    const down = await this.down([() => this.database.check(), () => this.signing.check()]);
    const database = down.has('database') ? 'unhealthy' : 'healthy';
    const signing = down.has('signing') ? 'degraded' : 'healthy';
    return { status: database === 'healthy' ? signing : database, database, signing };
  }

  /**
   * Whether requests may be sent here: what a validation needs is there (a database that accepts writes and has the
   * current audit partition, migrations, key ring), and the process is not stopping. Issuing needs a signer too, which
   * `/health` tells apart: without one, installations must still find their licenses valid.
   */
  async isReady(): Promise<boolean> {
    // Migrations and key ring are settled before the lifecycle serves.
    if (!this.lifecycle.isServing) return false;
    const down = await this.down([() => this.database.check()]);
    return down.size === 0 && this.lifecycle.isServing;
  }

  /** @returns names of the indicators that are down */
  private async down(indicators: Parameters<HealthCheckService['check']>[0]): Promise<ReadonlySet<string>> {
    const { error = {} } = await this.checks.check(indicators).catch(resultOf);
    return new Set(Object.keys(error));
  }
}

/** The error that terminus throws when something is down also has the result. */
function resultOf(thrown: unknown): HealthCheckResult {
  if (thrown instanceof ServiceUnavailableException) return thrown.getResponse() as HealthCheckResult;
  throw thrown;
}
