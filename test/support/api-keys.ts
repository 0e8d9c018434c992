import { AuditLog } from '@aegis/audit';
import { Environment } from '@aegis/config';
import { Logger } from '@aegis/logging';
import { PassThrough } from 'node:stream';
import type { DataSource } from 'typeorm';
import { ApiKeyAuthentication } from '../../libs/api-keys/src/api-key-authentication';
import { ApiKeyUsage } from '../../libs/api-keys/src/api-key-usage';
import { ApiKeysService } from '../../libs/api-keys/src/api-keys.service';
import { Peppers } from '../../libs/api-keys/src/peppers';

export const PEPPER_V1 = 'v1:a-pepper-for-tests-of-32-characters-or-more';
export const PEPPER_V2 = 'v2:the-next-pepper-for-tests-of-32-characters';

/** The API keys' services of one process. */
export interface ApiKeys {
  service: ApiKeysService;
  authentication: ApiKeyAuthentication;
  usage: ApiKeyUsage;
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
  const usage = new ApiKeyUsage(dataSource, new Logger({ level: 'debug', format: 'json', stream }));
  return {
    service: new ApiKeysService(dataSource, new AuditLog(), environment, peppers),
    authentication: new ApiKeyAuthentication(dataSource, environment, peppers, usage),
    usage,
    peppers,
    logged: () => lines.join(''),
  };
}
