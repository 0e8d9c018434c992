import { AuditLog } from '@aegis/audit';
import { Environment } from '@aegis/config';
import type { Jobs } from '@aegis/jobs';
import { Logger } from '@aegis/logging';
import { Metrics } from '@aegis/metrics';
import { PassThrough } from 'node:stream';
import type { Scope } from '@aegis/access';
import type { DataSource } from 'typeorm';
import { ApiKeyAuthentication } from '../../../libs/api-keys/src/api-key-authentication';
import { ApiKeyUsage } from '../../../libs/api-keys/src/api-key-usage';
import { ApiKeysService } from '../../../libs/api-keys/src/api-keys.service';
import { PepperRenewal } from '../../../libs/api-keys/src/peppers/pepper-renewal';
import { ApiKeyRotation } from '../../../libs/api-keys/src/api-key-rotation';
import { PepperUse } from '../../../libs/api-keys/src/peppers/pepper-use';
import type { KeyHolder } from '../../../libs/api-keys/src/key-holder';
import { Peppers } from '../../../libs/api-keys/src/peppers/peppers';
import { jobsOf } from '../jobs';

export const PEPPER_V1 = 'v1:a-pepper-for-tests-of-32-characters-or-more';
export const PEPPER_V2 = 'v2:the-next-pepper-for-tests-of-32-characters';

/** The API keys' services of one process. */
export interface ApiKeys {
  service: ApiKeysService;
  rotation: ApiKeyRotation;
  authentication: ApiKeyAuthentication;
  /** Those that write what waits in `usage` and `renewal`. */
  jobs: Jobs;
  usage: ApiKeyUsage;
  renewal: PepperRenewal;
  pepperUse: PepperUse;
  peppers: Peppers;
  /** What was logged so far. */
  logged(): string;
}

/** @param options API_KEY_PEPPERS and ENVIRONMENT, one pepper and `test` unless given */
export function apiKeysOf(
  dataSource: DataSource,
  options: { peppers?: string[]; environment?: Environment['ENVIRONMENT'] } = {},
): ApiKeys {
  const environment = Object.assign(new Environment(), { ENVIRONMENT: options.environment ?? 'test' });
  const stream = new PassThrough();
  const lines: string[] = [];
  stream.on('data', (chunk: Buffer) => lines.push(chunk.toString()));
  const peppers = new Peppers(options.peppers ?? [PEPPER_V1]);
  const logger = new Logger({ level: 'debug', format: 'json', stream });
  const audit = new AuditLog();
  const service = new ApiKeysService(dataSource, audit, environment, peppers);
  const metrics = new Metrics();
  const jobs = jobsOf({ logger, metrics });
  const usage = new ApiKeyUsage(dataSource, jobs, logger);
  const renewal = new PepperRenewal(dataSource, jobs, logger);
  return {
    service,
    rotation: new ApiKeyRotation(dataSource, audit, environment, peppers, service),
    authentication: new ApiKeyAuthentication(dataSource, environment, peppers, usage, renewal, metrics),
    jobs,
    usage,
    renewal,
    pepperUse: new PepperUse(dataSource, peppers),
    peppers,
    logged: () => lines.join(''),
  };
}

/** Who has these scopes, and else what a key has that is bounded by nothing. */
export function holding(scopes: readonly Scope[], bounds: Partial<KeyHolder> = {}): KeyHolder {
  return { scopes, expires_at: null, rate_limit_per_minute: null, hasCurrentSecret: true, ...bounds };
}
