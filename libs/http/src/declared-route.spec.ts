import { Controller, Get, Query } from '@nestjs/common';
import { startTestApp, type TestApp } from './http-app.fixture';
import { Public, RequireScopes } from './callers/route-access';
import { RespondsAsIs } from './answers/responds';
import { declaredRoute } from './declared-route';
import { PageQueryDto } from './input/page-query.dto';

abstract class Shared {
  @Get()
  @RespondsAsIs('text/plain')
  get(): string {
    return 'here';
  }
}

@Controller('open')
@Public({ group: 'exempt', ignoreCredentials: true })
class OpenController extends Shared {}

@Controller('closed')
@RequireScopes('licenses:read')
class ClosedController extends Shared {
  @Get('list')
  @RespondsAsIs('text/plain')
  list(@Query() { page_size }: PageQueryDto): string {
    return String(page_size);
  }
}

describe('declaredRoute', () => {
  const inherited = Object.getPrototypeOf(ClosedController.prototype) as Shared;

  it('reads the decorators of a handler once', () => {
    const { list } = ClosedController.prototype;
    expect(declaredRoute(ClosedController, list)).toBe(declaredRoute(ClosedController, list));
    expect(declaredRoute(ClosedController, list)).toMatchObject({
      name: 'ClosedController.list',
      access: { kind: 'scopes', scopes: ['licenses:read'] },
      forgiving: false,
      mediaTypes: ['text/plain'],
      body: undefined,
      takesQuery: true,
    });
  });

  it('gives a handler that two controllers inherit the access rule of each controller', () => {
    expect(declaredRoute(OpenController, inherited.get)).toMatchObject({ access: { kind: 'public' } });
    expect(declaredRoute(ClosedController, inherited.get)).toMatchObject({ access: { kind: 'scopes' } });
  });

  describe('over HTTP', () => {
    let testApp: TestApp;
    beforeAll(async () => (testApp = await startTestApp([OpenController, ClosedController])));
    afterAll(() => testApp.app.close());

    it('keeps an inherited route lenient in one controller and strict in the other', async () => {
      const statusOf = async (path: string): Promise<number> =>
        (await fetch(`${testApp.url}/${path}`)).status;
      expect([await statusOf('open?x=1'), await statusOf('closed?x=1')]).toEqual([200, 422]);
      expect([await statusOf('open?x=1'), await statusOf('closed?x=1')]).toEqual([200, 422]);
    });
  });
});
