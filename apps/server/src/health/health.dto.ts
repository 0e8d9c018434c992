import { Expose } from 'class-transformer';
import type { HealthStatus } from './health.service';

export class ProbeDto {
  /** `healthy` with 200, `unhealthy` with 503. */
  @Expose()
  status!: 'healthy' | 'unhealthy';
}

export class HealthDto {
  /** The worst of what follows. */
  @Expose()
  status!: HealthStatus;

  /** Version of the server. */
  @Expose()
  version!: string;

  /** ENVIRONMENT of the server. */
  @Expose()
  environment!: string;

  /**
   * Also unhealthy when it does not accept writes, has no audit partition for the current month, or was restored and
   * is not reconciled: then nothing can be validated.
   */
  @Expose()
  database!: HealthStatus;

  /** Degraded while nothing can be issued because the signer cannot be reached: validation continues. */
  @Expose()
  signing!: HealthStatus;
}
