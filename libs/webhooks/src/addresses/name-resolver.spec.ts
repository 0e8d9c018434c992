import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { LookupFailed, NameResolver } from './name-resolver';

const A = 1;
const AAAA = 28;
const SERVER_FAILURE = 2;
const LENGTHS: Readonly<Record<number, number>> = { [A]: 4, [AAAA]: 16 };

/** What a server answers to one type of question: addresses as bytes, or a code of failure (RFC 1035). */
type DnsAnswer = readonly (readonly number[])[] | number | 'silence';

describe('the addresses of a name', () => {
  let server: Socket;
  let answers: Record<number, DnsAnswer>;
  let asked: number[];
  let resolver: NameResolver;

  beforeEach(async () => {
    answers = {};
    asked = [];
    server = createSocket('udp4');
    server.on('message', (question, from) => {
      const type = question.readUInt16BE(question.indexOf(0, 12) + 1);
      asked.push(type);
      const answer = answers[type] ?? [];
      if (answer !== 'silence') server.send(answerTo(question, type, answer), from.port, from.address);
    });
    server.bind(0, '127.0.0.1');
    await once(server, 'listening');
    resolver = new NameResolver([`127.0.0.1:${server.address().port}`]);
  });
  afterEach(() => {
    resolver.cancel();
    server.close();
  });

  it('are those of IPv4 and IPv6', async () => {
    answers = {
      [A]: [
        [8, 8, 8, 8],
        [127, 0, 0, 1],
      ],
      [AAAA]: [[...Array<number>(15).fill(0), 1]],
    };
    expect(await resolver.resolve('receiver.example')).toEqual(['8.8.8.8', '127.0.0.1', '::1']);
    expect(asked.toSorted()).toEqual([A, AAAA]);
  });

  it('are those of one, when the other question fails', async () => {
    answers = { [A]: [[8, 8, 8, 8]], [AAAA]: SERVER_FAILURE };
    expect(await resolver.resolve('receiver.example')).toEqual(['8.8.8.8']);
  });

  it.each([
    ['there are none', {}],
    ['the server fails', { [A]: SERVER_FAILURE, [AAAA]: SERVER_FAILURE }],
    ['the server says nothing', { [A]: 'silence', [AAAA]: 'silence' }],
  ] as const)('are missing when %s', async (_, given) => {
    answers = given;
    await expect(resolver.resolve('receiver.example')).rejects.toThrow(LookupFailed);
  });

  it('are not waited for after the end of the process', async () => {
    answers = { [A]: 'silence', [AAAA]: 'silence' };
    const waiting = resolver.resolve('receiver.example');
    resolver.cancel();
    await expect(waiting).rejects.toThrow(LookupFailed);
  });

  it('are loopback for localhost, whatever a server says', async () => {
    answers = { [A]: [[8, 8, 8, 8]] };
    for (const name of ['localhost', 'LocalHost', 'localhost.', 'a.localhost'])
      expect(await resolver.resolve(name)).toEqual(['127.0.0.1', '::1']);
    expect(asked).toEqual([]);
    expect(await resolver.resolve('notlocalhost')).toEqual(['8.8.8.8']);
  });
});

function answerTo(question: Buffer, type: number, answer: Exclude<DnsAnswer, 'silence'>): Buffer {
  const end = question.indexOf(0, 12) + 5;
  const head = Buffer.from(question.subarray(0, end));
  const records = typeof answer === 'number' ? [] : answer;
  head.writeUInt16BE(0x8180 | (typeof answer === 'number' ? answer : 0), 2);
  head.writeUInt16BE(records.length, 6);
  head.writeUInt16BE(0, 8);
  head.writeUInt16BE(0, 10);
  return Buffer.concat([
    head,
    // A pointer to the name of the question, the type, the class, a time to live and a length.
    ...records.map((bytes) =>
      Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 1, 0, LENGTHS[type] ?? 0, ...bytes]),
    ),
  ]);
}
