import { ConfigModule, loadEnvironment } from '@aegis/config';
import { Logger, LoggingModule } from '@aegis/logging';
import { type Credential, type Scope } from '@aegis/access';
import {
  AnyKey,
  createHttpApp,
  Identification,
  Public,
  RequireScopes,
  RespondsAsIs,
  HttpModule,
} from '@aegis/http';
import { Controller, type DynamicModule, Get, Module } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Request } from 'express';
import { PassThrough } from 'node:stream';
import request, { type Response } from 'supertest';
import { ApiKeyGuard } from './api-key.guard';

const keyWith = (...scopes: Scope[]): Credential => ({
  kind: 'key',
  key: {
    kind: 'api_key',
    id: '0aZ9bY8cX7dW',
    name: 'CI',
    scopes,
    proofs: [],
    sessionId: null,
    rateLimitPerMinute: null,
    expiresAt: null,
    hasCurrentSecret: true,
  },
});
const bySession = (...scopes: Scope[]): Credential => {
  const credential = keyWith(...scopes);
  if (credential.kind !== 'key') throw new Error('not a key');
  return { kind: 'key', key: { ...credential.key, sessionId: '7a51f2f0-3f0e-4c5e-9a53-0d5e1c2b7f10' } };
};
const NONE: Credential = { kind: 'none' };
const ENDED: Credential = { kind: 'refused', because: 'session_ended', noted: { session: 'idle' } };
const OTHER_ORIGIN: Credential = { kind: 'other_origin' };
const REFUSED: Credential = { kind: 'refused' };
const CONFLICTING: Credential = { kind: 'conflicting' };
const UNAVAILABLE: Credential = { kind: 'unavailable', error: new Error('ECONNREFUSED canary-host') };

@Controller()
class Routes {
  @Get('scoped')
  @RequireScopes('licenses:read', 'customers:read')
  @RespondsAsIs('text/plain')
  scoped(): string {
    return 'here';
  }

  @Get('any-key')
  @AnyKey()
  @RespondsAsIs('text/plain')
  anyKey(): string {
    return 'here';
  }

  @Get('key-itself')
  @AnyKey({ sessions: false })
  @RespondsAsIs('text/plain')
  keyItself(): string {
    return 'here';
  }

  @Get('public')
  @Public()
  @RespondsAsIs('text/plain')
  open(): string {
    return 'here';
  }

  @Get('health')
  @Public({ group: 'exempt', ignoreCredentials: true })
  @RespondsAsIs('text/plain')
  health(): string {
    return 'here';
  }

  @Get('validate')
  @Public({
    unless: ({ VALIDATION_REQUIRES_API_KEY }) =>
      VALIDATION_REQUIRES_API_KEY ? 'licenses:validate' : undefined,
  })
  @RespondsAsIs('text/plain')
  validate(): string {
    return 'here';
  }

  /** How often the route was let run that declares nothing. */
  static undeclaredRuns = 0;

  @Get('undeclared')
  @RespondsAsIs('text/plain')
  undeclared(): string {
    Routes.undeclaredRuns += 1;
    return 'here';
  }
}

/** Finds the credential that the test wrote into the header. */
class WrittenIdentification extends Identification {
  identify(request: Request): Promise<Credential> {
    const written = JSON.parse(String(request.headers['x-api-key'])) as Credential;
    return Promise.resolve(written.kind === 'unavailable' ? UNAVAILABLE : written);
  }

  judgeAgain(): Promise<void> {
    return Promise.resolve();
  }
}

@Module({
  providers: [{ provide: Identification, useClass: WrittenIdentification }],
  exports: [Identification],
})
class WrittenIdentificationModule {}

@Module({})
class AppModule {
  static for(logger: Logger, closed: boolean): DynamicModule {
    const environment = loadEnvironment({
      ENVIRONMENT: 'test',
      KEY_PASSPHRASE: 'of no use in this test',
      SECRETS_KEY: `v1:${'x'.repeat(40)}`,
      API_KEY_PEPPERS: `v1:${'x'.repeat(40)}`,
      RATE_LIMIT_ENABLED: 'false',
      VALIDATION_REQUIRES_API_KEY: String(closed),
    });
    return {
      module: AppModule,
      imports: [
        ConfigModule.for(environment),
        LoggingModule.for(logger),
        HttpModule.for({ imports: [WrittenIdentificationModule], accessGuard: ApiKeyGuard }),
      ],
      controllers: [Routes],
    };
  }
}

describe('ApiKeyGuard', () => {
  const apps: NestExpressApplication[] = [];
  let logged = '';

  beforeAll(async () => {
    const stream = new PassThrough().on('data', (chunk: Buffer) => (logged += chunk.toString()));
    const logger = new Logger({ level: 'warn', format: 'json', stream });
    for (const closed of [false, true]) {
      const app = await createHttpApp(AppModule.for(logger, closed));
      apps.push(await app.init());
    }
  });
  afterAll(() => Promise.all(apps.map((app) => app.close())));

  function knock(route: string, credential: Credential, setting: 'open' | 'closed' = 'open'): request.Test {
    const get = request(apps[setting === 'open' ? 0 : 1]!.getHttpServer()).get(`/${route}`);
    return credential.kind === 'none' ? get : get.set('X-API-Key', JSON.stringify(credential));
  }
  const statusOf = async (...knocking: Parameters<typeof knock>): Promise<number> =>
    (await knock(...knocking)).status;

  it.each<[string, Credential, number]>([
    ['scoped', NONE, 401],
    ['scoped', REFUSED, 401],
    ['scoped', CONFLICTING, 400],
    ['scoped', UNAVAILABLE, 503],
    ['scoped', keyWith('licenses:read', 'customers:read'), 200],
    ['scoped', keyWith('admin'), 200],
    ['scoped', keyWith('licenses:read', 'licenses:issue'), 403],
    ['scoped', keyWith(), 403],
    ['any-key', NONE, 401],
    ['any-key', REFUSED, 401],
    ['any-key', CONFLICTING, 400],
    ['any-key', UNAVAILABLE, 503],
    ['any-key', keyWith('stats:read'), 200],
    ['any-key', bySession('stats:read'), 200],
    ['any-key', ENDED, 401],
    ['any-key', OTHER_ORIGIN, 403],
    ['key-itself', keyWith('stats:read'), 200],
    ['key-itself', bySession('admin'), 401],
    ['scoped', bySession('licenses:read'), 403],
    ['scoped', bySession('licenses:read', 'customers:read'), 200],
    ['public', ENDED, 401],
    ['public', OTHER_ORIGIN, 403],
    ['health', ENDED, 200],
    ['health', OTHER_ORIGIN, 200],
    ['public', NONE, 200],
    ['public', REFUSED, 401],
    ['public', CONFLICTING, 400],
    ['public', UNAVAILABLE, 503],
    ['public', keyWith('stats:read'), 200],
    ['health', NONE, 200],
    ['health', REFUSED, 200],
    ['health', CONFLICTING, 200],
    ['health', UNAVAILABLE, 200],
    ['health', keyWith('stats:read'), 200],
  ])('answers on a route that is %s to %j: %i', async (route, credential, status) => {
    expect(await statusOf(route, credential)).toBe(status);
  });

  it.each<[Credential, number]>([
    [NONE, 401],
    [REFUSED, 401],
    [keyWith('licenses:read'), 403],
    [keyWith('licenses:validate'), 200],
    [keyWith('admin'), 200],
  ])('closes a public route where a setting says so, to %j: %i', async (credential, status) => {
    expect(await statusOf('validate', credential, 'closed')).toBe(status);
  });

  it('leaves that route open while the setting does not', async () => {
    expect(await statusOf('validate', NONE)).toBe(200);
    expect(await statusOf('validate', keyWith('stats:read'))).toBe(200);
    expect(await statusOf('validate', REFUSED)).toBe(401);
  });

  it('says which scope is missing', async () => {
    const { body }: Response = await knock('scoped', keyWith('licenses:read'));
    expect(body).toMatchObject({
      code: 'insufficient_scope',
      detail: 'The API key lacks the scope customers:read.',
    });
  });

  it('writes the cause of an outage to the log, not into the answer', async () => {
    const { text, headers }: Response = await knock('scoped', UNAVAILABLE);
    expect(text).toContain('service_unavailable');
    expect(text).not.toContain('canary-host');
    expect(headers['retry-after']).toBe('1');
    expect(logged).toContain('canary-host');
  });

  it('refuses everyone, even admin, on a route that declares no access', async () => {
    expect(await statusOf('undeclared', keyWith('admin'))).toBe(500);
    expect(Routes.undeclaredRuns).toBe(0);
  });
});
