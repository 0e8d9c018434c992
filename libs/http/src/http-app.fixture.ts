import { ConfigModule, loadEnvironment } from '@aegis/config';
import { DomainError } from '@aegis/errors';
import { Logger, LoggingModule } from '@aegis/logging';
import {
  Injectable,
  Module,
  type CanActivate,
  type ExecutionContext,
  type ModuleMetadata,
  type Type,
} from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Request, Response } from 'express';
import { Writable } from 'node:stream';
import { credentialOf, Identification } from './callers/identification';
import { createHttpApp } from './edge/http-server';
import { HttpModule } from './http.module';
import { type AuthenticatedKey, type Credential } from '@aegis/access';

/** Knows keys by their text: `key-<id>` is valid, `limited-<n>` allows n requests per minute, all else is refused. */
@Injectable()
class TextIdentification extends Identification {
  override identify(request: Request): Promise<Credential> {
    const key = request.headers['x-api-key'];
    const bearer = request.headers.authorization?.replace(/^Bearer /, '');
    if (key !== undefined && bearer !== undefined) return Promise.resolve({ kind: 'conflicting' });
    const text = String(key ?? bearer);
    if (text === 'down') return Promise.reject(new Error('canary: no database'));
    const [kind, id = ''] = text.split('-');
    if (kind !== 'key' && kind !== 'limited') return Promise.resolve({ kind: 'refused' });
    const rateLimitPerMinute = kind === 'limited' ? Number(id) : null;
    return Promise.resolve({
      kind: 'key',
      key: {
        kind: 'api_key',
        id: text,
        name: text,
        scopes: ['admin'],
        proofs: [],
        sessionId: null,
        rateLimitPerMinute,
        expiresAt: null,
        hasCurrentSecret: true,
      },
    });
  }

  override judgeAgain({ id }: AuthenticatedKey): Promise<void> {
    return id === 'key-lost' ? Promise.reject(new Refused('The API key was refused.')) : Promise.resolve();
  }
}

@Module({
  providers: [{ provide: Identification, useClass: TextIdentification }],
  exports: [Identification],
})
class IdentificationModule {}

class Refused extends DomainError {
  readonly code = 'unauthorized';
}

/** Stands in for the access guard of libs/api-keys: shows what was identified, and refuses when asked to. */
@Injectable()
class ShowingGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const http = context.switchToHttp();
    const request = http.getRequest<Request>();
    http.getResponse<Response>().setHeader('X-Credential', credentialOf(request).kind);
    const refuse = request.headers['x-refuse'];
    if (refuse === '401') throw new Refused('The API key was refused.');
    return refuse === undefined;
  }
}

@Module({})
class RootModule {}

/** A running application. */
export interface TestApp {
  app: NestExpressApplication;
  url: string;
  port: number;
  /** Lines written to the log so far, each one JSON object. */
  lines: () => Record<string, unknown>[];
}

/**
 * Starts an application with all of the lib http on a free port.
 * @param controllers its routes
 * @param variables settings that differ from the defaults
 */
export async function startTestApp(
  controllers: Type[],
  variables: Readonly<Record<string, string>> = {},
  imports: NonNullable<ModuleMetadata['imports']> = [],
): Promise<TestApp> {
  let written = '';
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      written += chunk.toString();
      done();
    },
  });
  const environment = loadEnvironment({
    ENVIRONMENT: 'test',
    PUBLIC_URL: 'https://license.example.com',
    KEY_PASSPHRASE: 'of-no-use-in-this-test',
    SECRETS_KEY: `v1:${'x'.repeat(40)}`,
    API_KEY_PEPPERS: `v1:${'x'.repeat(40)}`,
    ...variables,
  });
  const logger = new Logger({ level: 'debug', format: 'json', stream });
  const testApp = HttpModule.for({ imports: [IdentificationModule], accessGuard: ShowingGuard });
  const root = {
    module: RootModule,
    imports: [ConfigModule.for(environment), LoggingModule.for(logger), testApp, ...imports],
    controllers,
  };
  const app = await createHttpApp(root);
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  return {
    app,
    url,
    port: Number(new URL(url).port),
    lines: () =>
      written
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}
