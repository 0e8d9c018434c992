import { Writable } from 'node:stream';
import { Logger, type LogLevel } from './logger';
import { runInRequest } from './request-context';

const CONTEXT = {
  requestId: 'request-1',
  traceId: 'a'.repeat(32),
  spanId: null,
  ip: '192.0.2.7',
  userAgent: 'curl',
  apiKeyId: null,
  accessFields: null,
};

function logging(
  format: 'text' | 'json',
  write: (logger: Logger) => void,
  level: LogLevel = 'debug',
): Promise<string[]> {
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk.toString());
      done();
    },
  });
  write(new Logger({ level, format, stream }));
  return Promise.resolve(chunks.join('').split('\n').slice(0, -1));
}

const TIME = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`;

describe('a line', () => {
  it('in text begins with time and level, then says what and its facts', async () => {
    const [line] = await logging('text', (logger) => {
      logger.write('warn', 'something happened', { kid: 'k-1', count: 3, text: 'two words', nothing: null });
    });
    expect(line).toMatch(
      new RegExp(`^${TIME} warn {2}something happened kid=k-1 count=3 text="two words" nothing=null$`),
    );
  });

  it('in JSON is one object', async () => {
    const [line] = await logging('json', (logger) => {
      logger.write('info', 'something happened', { kid: 'k-1', count: 3 });
    });
    expect(JSON.parse(line!)).toEqual({
      timestamp: expect.stringMatching(new RegExp(`^${TIME}$`)),
      level: 'info',
      message: 'something happened',
      kid: 'k-1',
      count: 3,
    });
  });

  it('has the span of its request if there is one', async () => {
    const spanId = 'b'.repeat(16);
    const [traced, untraced] = await logging('json', (logger) => {
      runInRequest({ ...CONTEXT, spanId }, () => {
        logger.write('info', 'x');
      });
      runInRequest(CONTEXT, () => {
        logger.write('info', 'x');
      });
    });
    expect(JSON.parse(traced!)).toMatchObject({ trace_id: CONTEXT.traceId, span_id: spanId });
    expect(JSON.parse(untraced!)).not.toHaveProperty('span_id');
  });

  it.each(['text', 'json'] as const)('in %s has the id and the trace of its request', async (format) => {
    const [line] = await logging(format, (logger) => {
      runInRequest(CONTEXT, () => {
        logger.write('info', 'x');
      });
    });
    expect(line).toMatch(/request_id"?[=:]"?request-1/);
    expect(line).toMatch(/trace_id"?[=:]"?a{32}/);
    expect(line).not.toMatch(/192\.0\.2\.7|curl/);
  });

  it('below the level is not written', async () => {
    const lines = await logging(
      'text',
      (logger) => {
        logger.debug('d');
        logger.verbose('v');
        logger.log('i');
        logger.warn('w');
        logger.error('e');
      },
      'warn',
    );
    expect(lines.map((line) => line.slice(25))).toEqual(['warn  w', 'error e']);
  });

  it('of an error has frames below it, and no message in them', async () => {
    const error = new TypeError('outside', { cause: new Error('inside') });
    const lines = await logging('text', (logger) => {
      logger.write('error', 'failed', { error });
    });
    expect(lines[0]).toMatch(
      /error failed error=\{"type":"TypeError","message":"outside","cause":\{.*"inside"\}\}$/,
    );
    expect(lines.length).toBeGreaterThan(4);
    for (const frame of lines.slice(1)) expect(frame).toMatch(/^ {4}at /);
    const [json] = await logging('json', (logger) => {
      logger.write('error', 'failed', { error });
    });
    expect(JSON.parse(json!).error).toMatchObject({ message: 'outside', cause: { message: 'inside' } });
  });

  it('from Nest keeps its context, redacted', async () => {
    const lines = await logging('text', (logger) => {
      logger.log('started', 'NestFactory');
      logger.error('failed', { token: 'canary7f3a', kept: 1 });
      logger.error('failed', new Error('why'));
    });
    expect(lines[0]).toMatch(/started context=NestFactory$/);
    expect(lines[1]).toMatch(/failed token="\[redacted\]" kept=1$|failed token=\[redacted\] kept=1$/);
    expect(lines[2]).toContain('"message":"why"');
  });
});

describe('nothing that is logged forges a line', () => {
  const FORGED = '2026-01-01T00:00:00.000Z info  request status=200';
  const breaks = ['\n', '\r', '\r\n', '\u0085', '\u2028', '\u2029', '\v', '\f', '\0'];

  it.each(['text', 'json'] as const)('in %s, anywhere', async (format) => {
    for (const br of breaks) {
      const poison = `x${br}${FORGED}`;
      const error = Object.assign(new Error(poison), { code: poison });
      error.name = poison;
      const lines = await logging(format, (logger) => {
        logger.write('info', poison);
        logger.write('info', 'm', { field: poison });
        logger.write('info', 'm', { [poison]: 1 });
        logger.write('info', 'm', { deep: [{ a: poison }] });
        logger.write('error', 'm', { error });
        logger.write('error', 'm', { stack: poison });
        runInRequest({ ...CONTEXT, requestId: poison }, () => {
          logger.write('info', 'm');
        });
      });
      const own = lines.filter((line) => !line.startsWith('    at '));
      expect(own).toHaveLength(7);
      for (const line of own) {
        expect(line).not.toMatch(/^2026-01-01/);
        // No break that a viewer knows, and nothing that drives a terminal.
        expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
        if (format === 'json') expect(() => JSON.parse(line) as unknown).not.toThrow();
      }
    }
  });

  it.each(['text', 'json'] as const)('nor drives a terminal in %s', async (format) => {
    const [line] = await logging(format, (logger) => {
      logger.write('info', '\u001b[2J\u009b31m\u007f', { field: '\u001b]0;title\u0007' });
    });
    expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
    expect(line).toContain('\\u009b31m');
  });

  it('and no value looks like another fact in text', async () => {
    const [line] = await logging('text', (logger) => {
      logger.write('info', 'm', { text: 'x" status=200 ' });
    });
    expect(line).toMatch(/ text="x\\" status=200 "$/);
  });
});

describe('a stream that fails', () => {
  it.each(['text', 'json'] as const)('does not throw, nor end the process, in %s', async (format) => {
    const failures: unknown[] = [];
    const note = (error: unknown): void => void failures.push(error);
    process.on('uncaughtException', note).on('unhandledRejection', note);
    let written = 0;
    const stream = new Writable({
      autoDestroy: false,
      write(_chunk, _encoding, done) {
        written += 1;
        done(written === 2 ? Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }) : null);
      },
    });
    const logger = new Logger({ level: 'info', format, stream });
    for (let line = 0; line < 5; line += 1) {
      logger.log(`line ${line}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
    process.off('uncaughtException', note).off('unhandledRejection', note);
    expect(failures).toEqual([]);
    expect(written).toBeGreaterThanOrEqual(2);
  });

  it('that was destroyed causes no error', async () => {
    const stream = new Writable({
      write(_chunk, _encoding, done) {
        done();
      },
    });
    const logger = new Logger({ level: 'info', format: 'json', stream });
    stream.destroy(new Error('gone'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(() => {
      logger.log('still here');
    }).not.toThrow();
    expect(stream.destroyed).toBe(true);
  });

  it('leaves the other loggers at work', async () => {
    const broken = new Writable({
      write(_chunk, _encoding, done) {
        done(new Error('disk full'));
      },
    });
    new Logger({ level: 'info', format: 'json', stream: broken }).log('lost');
    await new Promise((resolve) => setImmediate(resolve));
    const lines = await logging('json', (logger) => {
      logger.log('kept');
    });
    expect(lines).toHaveLength(1);
  });
});
