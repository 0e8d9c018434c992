import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { Expose, Transform, Type } from 'class-transformer';
import express from 'express';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import {
  argumentsOf,
  closeAfter,
  distinguishCase,
  expressClasses,
  neverEndInOrder,
  plainFieldsOf,
  responseInProgress,
  routesOf,
  servesRoute,
} from './framework-internals';

@Controller('things')
class ThingsController {
  @Get(':id')
  find(@Param('id') id: string, @Query() query: object): object {
    return { id, query };
  }

  @Post(':id')
  change(@Param('id') id: string, @Body() body: object): object {
    return { id, body };
  }

  helper(): void {
    return undefined;
  }
}

class PlainDto {
  @Expose()
  name!: string;
}

class HoldingDto {
  @Expose()
  @Type(() => PlainDto)
  plain!: PlainDto;
}

class RenamedDto {
  @Expose({ name: 'title' })
  name!: string;
}

class ChangedDto {
  @Expose()
  @Transform(({ value, obj }: { value: string; obj: object }) => [value, obj])
  name!: string;
}

class ChangedTwiceDto {
  @Expose()
  @Transform(() => 'other')
  @Transform(() => 'again')
  name!: string;
}

class ChangedForSomeDto {
  @Expose()
  @Transform(() => 'other', { groups: ['some'] })
  name!: string;
}

class ChangedHoldingDto {
  @Expose()
  @Type(() => PlainDto)
  @Transform(() => 'other')
  plain!: PlainDto;
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** Each test's name is what its failure says. */
describe('what is not documented', () => {
  const servers: Server[] = [];

  async function served(server: Server): Promise<number> {
    servers.push(server);
    return listening(server);
  }

  afterAll(async () => {
    for (const server of servers) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it('an upgrade of @nestjs/common broke argumentsOf', () => {
    const of = (name: string) => argumentsOf(ThingsController, name).sort((a, b) => a.index - b.index);
    expect(of('find')).toEqual([
      { index: 0, isBody: false, isQuery: false },
      { index: 1, isBody: false, isQuery: true },
    ]);
    expect(of('change')).toEqual([
      { index: 0, isBody: false, isQuery: false },
      { index: 1, isBody: true, isQuery: false },
    ]);
    expect(argumentsOf(ThingsController, 'helper')).toEqual([]);
  });

  it('an upgrade of @nestjs/common broke servesRoute', () => {
    const { prototype } = ThingsController;
    expect([prototype.find, prototype.change, prototype.helper].map(servesRoute)).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('an upgrade of Express broke routesOf', () => {
    const application = express();
    application.use((_request, _response, next) => {
      next();
    });
    application.get('/things/:id', () => undefined);
    application.post('/things', () => undefined);
    const [byId, all] = routesOf(application);
    expect(routesOf(application)).toHaveLength(2);
    expect(byId).toMatchObject({ path: '/things/:id', methods: { get: true } });
    expect(all).toMatchObject({ path: '/things', methods: { post: true } });
    expect([byId?.matches('/things/1'), byId?.matches('/things')]).toEqual([true, false]);
    expect(() => byId?.matches('/things/%ff')).toThrow();
  });

  it('an upgrade of Express broke distinguishCase', async () => {
    const application = express();
    distinguishCase(application);
    application.get('/things', (_request, response) => {
      response.send('text');
    });
    const port = await served(createServer(application));
    const statusOf = async (path: string): Promise<number> =>
      (await fetch(`http://127.0.0.1:${port}${path}`)).status;
    expect([await statusOf('/things'), await statusOf('/Things')]).toEqual([200, 404]);
  });

  it('an upgrade of Express broke expressClasses', async () => {
    const application = express();
    const server = createServer(expressClasses(application), application);
    const prototypes: unknown[] = [];
    server.prependListener('request', (request, response) => {
      prototypes.push(Object.getPrototypeOf(request), Object.getPrototypeOf(response));
    });
    application.get('/', (request, response) => {
      prototypes.push(Object.getPrototypeOf(request), Object.getPrototypeOf(response));
      response.json({ host: request.hostname });
    });
    const port = await served(server);
    const answer = await fetch(`http://127.0.0.1:${port}/`);
    expect(await answer.json()).toEqual({ host: '127.0.0.1' });
    const [requestBefore, responseBefore, requestAfter, responseAfter] = prototypes;
    expect(requestAfter).toBe(requestBefore);
    expect(responseAfter).toBe(responseBefore);
  });

  it('an upgrade of Node broke responseInProgress', async () => {
    const waiting: ServerResponse[] = [];
    const server = createServer((_request, response) => {
      waiting.push(response);
    });
    const port = await served(server);
    const socket = connect(port, '127.0.0.1');
    socket.write('GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n');
    while (waiting.length < 2) await new Promise(setImmediate);
    const [first, second] = waiting;
    const connection = first?.socket;
    if (first === undefined || second === undefined || !connection) throw new Error('no connection');
    expect(responseInProgress(connection)).toBe(first);
    const assigned = new Promise((resolve) => second.once('socket', resolve));
    first.end();
    await assigned;
    expect(responseInProgress(connection)).toBe(second);
    socket.destroy();
  });

  it('an upgrade of Node broke closeAfter', async () => {
    const server = createServer((request, response) => {
      if (request.url === '/last') closeAfter(response);
      response.end('text');
    });
    const port = await served(server);
    const connectionOf = async (path: string): Promise<string | null> =>
      (await fetch(`http://127.0.0.1:${port}${path}`)).headers.get('connection');
    expect([await connectionOf('/'), await connectionOf('/last')]).toEqual(['keep-alive', 'close']);
  });

  it('an upgrade of Node broke neverEndInOrder', async () => {
    const isDestroyedBy = async (end: (connection: Socket) => void): Promise<boolean> => {
      const server = createServer();
      const accepted = once(server, 'connection') as Promise<[Socket]>;
      const client = connect(await served(server), '127.0.0.1').on('error', () => undefined);
      const [connection] = await accepted;
      connection.write(Buffer.alloc(32 * 1024 * 1024));
      end(connection);
      client.destroy();
      return connection.destroyed;
    };
    const inOrder = (connection: Socket): void => {
      connection.destroySoon();
    };
    const byReset = (connection: Socket): void => {
      connection.resetAndDestroy();
    };
    expect(await isDestroyedBy(inOrder)).toBe(false);
    const atOnce = (end: (connection: Socket) => void) =>
      isDestroyedBy((connection) => {
        neverEndInOrder(connection);
        end(connection);
      });
    expect(await atOnce(inOrder)).toBe(true);
    // Some versions of Node call `destroySoon` here, others destroy at once.
    expect(await atOnce(byReset)).toBe(true);
  });

  it('an upgrade of class-transformer broke plainFieldsOf', () => {
    expect([PlainDto, HoldingDto].map(plainFieldsOf)).toEqual([
      [{ name: 'name' }],
      [{ name: 'plain', holds: PlainDto }],
    ]);
    const others = [RenamedDto, ChangedTwiceDto, ChangedForSomeDto, ChangedHoldingDto];
    expect(others.map(plainFieldsOf)).toEqual(others.map(() => undefined));
    const [changed] = plainFieldsOf(ChangedDto) ?? [];
    const object = { name: 'a' };
    expect(changed?.made?.('a', object)).toEqual(['a', object]);
  });
});
