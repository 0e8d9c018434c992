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

  @Expose()
  database!: HealthStatus;

  /** A signer out of reach is degraded: validation serves on. */
  @Expose()
  signing!: HealthStatus;
}
