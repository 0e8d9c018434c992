import { ConfigurationError } from '@aegis/errors';
import { Controller, Get } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { RespondsNothing } from '../answers/responds';
import { assertEveryRouteDeclaresAccess } from './access-check';
import { accessOf, AnyKey, Public, RequireScopes } from './route-access';
import { grants } from '@aegis/access';
import { startTestApp, type TestApp } from '../http-app.fixture';

@Controller('declared')
@RequireScopes('licenses:read')
class DeclaredController {
  @Get('inherits')
  @RespondsNothing()
  inherits(): void {
    return;
  }

  @Get('any')
  @AnyKey()
  @RespondsNothing()
  any(): void {
    return;
  }
}

@Controller('public')
class PublicController {
  @Get('unless')
  @Public({
    group: 'validate',
    unless: (env) => (env.VALIDATION_REQUIRES_API_KEY ? 'licenses:validate' : undefined),
  })
  @RespondsNothing()
  unless(): void {
    return;
  }

  @Get('open')
  @Public()
  @RespondsNothing()
  open(): void {
    return;
  }
}

@Controller('forgotten')
class ForgottenController {
  @Get('declared')
  @Public()
  @RespondsNothing()
  declared(): void {
    return;
  }

  @Get('forgotten')
  @RespondsNothing()
  forgotten(): void {
    return;
  }

  noRoute(): void {
    return;
  }
}

describe('declared access', () => {
  let testApp: TestApp;

  afterEach(() => testApp.app.close());

  it('stops the start for a route that declares nothing, and names it', async () => {
    testApp = await startTestApp([DeclaredController, ForgottenController]);
    let refusal: unknown;
    try {
      assertEveryRouteDeclaresAccess(testApp.app);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(ConfigurationError);
    expect((refusal as Error).message).toContain('ForgottenController.forgotten.');
    expect((refusal as Error).message).not.toMatch(/Declared|\.declared|noRoute/);
  });

  it('lets an application start whose routes all declare it', async () => {
    testApp = await startTestApp([DeclaredController, PublicController]);
    expect(() => {
      assertEveryRouteDeclaresAccess(testApp.app);
    }).not.toThrow();
  });

  it('reads the method before the controller', async () => {
    testApp = await startTestApp([DeclaredController, PublicController]);
    const { inherits, any } = DeclaredController.prototype;
    const { unless } = PublicController.prototype;
    expect(accessOf(inherits, DeclaredController)).toMatchObject({
      kind: 'scopes',
      scopes: ['licenses:read'],
      group: 'default',
    });
    expect(accessOf(any, DeclaredController)).toMatchObject({ kind: 'any-key', group: 'default' });
    expect(accessOf(unless, PublicController)).toMatchObject({ kind: 'public', group: 'validate' });
  });

  it('writes who may call a route, and its errors, into the OpenAPI document', async () => {
    testApp = await startTestApp([DeclaredController, PublicController]);
    const { paths } = SwaggerModule.createDocument(testApp.app, new DocumentBuilder().build());
    const closed = paths['/declared/any']?.get;
    expect(closed?.security).toEqual(expect.arrayContaining([{ api_key: [] }, { bearer: [] }]));
    expect(Object.keys(closed?.responses ?? {})).toEqual(
      expect.arrayContaining(['204', '400', '401', '406', '422', '429', '500', '503']),
    );
    expect(closed?.responses['401']).toMatchObject({
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/ProblemDto' } } },
    });
    const open = paths['/public/open']?.get;
    expect(open?.responses['403']).toBeUndefined();
    expect(open?.responses['401']).toBeDefined();
    expect(paths['/public/unless']?.get?.responses['403']).toBeDefined();
    expect(open?.security).toEqual(expect.arrayContaining([{}, { api_key: [] }, { bearer: [] }]));
    expect(paths['/declared/inherits']?.get?.security).toEqual(
      expect.arrayContaining([{ api_key: ['licenses:read'] }, { bearer: ['licenses:read'] }]),
    );
  });
});

describe('scopes', () => {
  it('grants what is held, and everything to admin', () => {
    expect(grants(['licenses:read'], 'licenses:read')).toBe(true);
    expect(grants(['licenses:read', 'stats:read'], 'licenses:issue')).toBe(false);
    expect(grants(['admin'], 'api-keys:manage')).toBe(true);
    expect(grants([], 'licenses:read')).toBe(false);
  });
});
