import { inFile } from './fault.mjs';

export default {
  area: 'rate limits',
  suites: [
    'libs/rate-limits/src/bounded-throttler-storage.spec.ts',
    'libs/rate-limits/src/shared-throttler-storage.spec.ts',
    'libs/rate-limits/src/guarded-replies.spec.ts',
    'test/system/shared-throttler-storage.spec.ts',
    'libs/http/src/answers/open-streams.spec.ts',
    'libs/lists/src/list-pieces.spec.ts',
    'libs/lists/src/turns.spec.ts',
    'libs/http/src/limits/rate-limit.spec.ts',
    'test/e2e/input/batch-limits.spec.ts',
  ],
  faults: [
    ...inFile('libs/rate-limits/src/shared-throttler-storage.ts', [
      ['takes its own delay for one of Redis', 'if (++steps < most)', 'if (++steps < 1)'],
      ['takes one late reply for an unavailable Redis', 'LATE_REPLIES = 2', 'LATE_REPLIES = 1'],
      [
        'never takes late replies for an unavailable Redis',
        'else if (++this.lateReplies >= LATE_REPLIES)',
        'else if (false)',
      ],
      [
        'does not start while Redis says nothing',
        'guardReplies(this.redis.stream, CONNECT_PATIENCE_MS)',
        'guardReplies(this.redis.stream, 2 ** 31 - 1)',
      ],
      ['stays connected to a replica', "error.message.startsWith('READONLY')", 'error.message === undefined'],
      [
        'keeps a connection that is silent',
        'if (this.asksAgainAt !== undefined) this.redis',
        'if (false) this.redis',
      ],
      [
        'believes any list',
        'if (\n    isCount(hits,',
        'if (\n    Array.isArray(reply) ||\n    isCount(hits,',
      ],
      ['believes numbers below 0', 'Number(value) >= 0', 'true'],
      ['believes a window without an end', 'Number(value) <= most', 'true'],
      ['believes a list that is too long', 'more.length === 0', 'true'],
    ]),
    ...inFile('libs/rate-limits/src/guarded-replies.ts', [
      ['ends with the parser', '} catch (cause) {', '} catch (cause) {\n      throw cause;'],
      ['reads a reply without an end', 'if (unread > MOST_UNREAD_BYTES)', 'if (false)'],
      ['waits for a first reply without an end', '}, patienceMs);', '}, 100 * patienceMs);'],
      [
        'replaces a connection that is ready',
        'isReady: () => {\n      clearTimeout(late);',
        'isReady: () => {',
      ],
    ]),
    ...inFile('libs/rate-limits/src/bounded-throttler-storage.ts', [
      [
        'counts a batch as one hit',
        'if (!isBlocked) window.hits += weight;',
        'if (!isBlocked) window.hits += 1;',
      ],
      ['charges what it refuses', 'if (!isBlocked) window.hits += weight;', 'window.hits += weight;'],
      ['takes one hit too many', 'window.hits + weight > limit', 'window.hits + weight > limit + 1'],
      ['takes a last batch of any size', 'window.hits + weight > limit', 'window.hits + 1 > limit'],
    ]),
    ...inFile('libs/http/src/limits/rate-limiter.ts', [
      [
        'counts the items of all keys together',
        'const quota = await this.hit(BATCH_ITEMS, bucket,',
        'const quota = await this.hit(BATCH_ITEMS, bucket.slice(0, 4),',
      ],
      [
        'charges batches to the bucket of requests',
        'const quota = await this.hit(BATCH_ITEMS, bucket,',
        "const quota = await this.hit('default', bucket,",
      ],
      [
        'charges items where limits are switched off',
        'async chargeBatch(response: Response, items: number): Promise<void> {\n    if (!this.enabled) return;',
        'async chargeBatch(response: Response, items: number): Promise<void> {',
      ],
      [
        'lets a limit of its own pass by the limit of a license',
        'if (ownLimit > this.limits.default) return;',
        'if (ownLimit > 0) return;',
      ],
      [
        'holds up a key with a high limit of its own by the license',
        'if (ownLimit > this.limits.default) return;',
        '',
      ],
      [
        'says nothing of limits while the storage is unavailable',
        'if (!(error instanceof RateLimitsUnavailable)) throw error;',
        'throw error;',
      ],
      ['reports an unavailable storage as a used-up limit', 'throw tightest.unavailable ?? new', 'throw new'],
      ['calls every refusal final', 'items > limit\n        ?', 'items > 0\n        ?'],
    ]),
    ...inFile('libs/http/src/http.module.ts', [
      [
        'reads the body of a caller that is refused',
        '      accessGuard,\n      NegotiationGuard,\n      InputGuard,',
        '      NegotiationGuard,\n      InputGuard,\n      accessGuard,',
      ],
      [
        'counts the license for a caller that is refused',
        '      accessGuard,\n      NegotiationGuard,\n      InputGuard,\n      LateBodyGuard,\n      LicenseLimitGuard,',
        '      NegotiationGuard,\n      InputGuard,\n      LateBodyGuard,\n      LicenseLimitGuard,\n      accessGuard,',
      ],
    ]),
    ...inFile('libs/http/src/answers/open-streams.ts', [
      [
        'waits for a slow reader forever',
        'if (!this.hasEnded) this.cancelPiece = this.after(this.bounds.piece, this.cut);',
        '',
      ],
      [
        'streams forever',
        'this.cancelTotal = after(bounds.total, this.cut);',
        'this.cancelTotal = () => undefined;',
      ],
      ['ends a stalled stream in order', "response.once('timeout', this.cut);", ''],
      [
        'counts the time that a piece takes to be made',
        '      yield piece;\n      this.cancelPiece();',
        '      yield piece;',
      ],
      ['keeps the share of a stream that has ended', 'stream.end();\n      close();', 'stream.end();'],
      [
        'takes a slow end for none',
        '    // Waits for what is left in the buffers of the connection.\n    this.expectTaken();',
        '',
      ],
    ]),
    ...inFile('libs/lists/src/list-pieces.ts', [
      ['bounds a piece by its rows alone', 'if (length > PIECE_BYTES && lines.length > 0) break;', ''],
      ['sends no line that is too long', 'PIECE_BYTES && lines.length > 0)', 'PIECE_BYTES)'],
      ['ends a list at a piece that is full', ' && lines.length === rows.length', ''],
      ['loses the rows that did not fit', 'rows[lines.length - 1]', 'rows[rows.length - 1]'],
      ['reads as many rows again', 'Math.min(fitting, rows * GROWTH, MOST_ROWS)', 'rows'],
      ['trusts that long rows do not follow short ones', 'rows * GROWTH, MOST_ROWS', 'MOST_ROWS'],
      ['reads any number of short rows', 'fitting, rows * GROWTH, MOST_ROWS', 'fitting, rows * GROWTH'],
      ['reads for all streams at once', 'new Turns(4)', 'new Turns(32)'],
    ]),
    ...inFile('libs/lists/src/turns.ts', [
      [
        'keeps the turn of work that failed',
        '    } finally {',
        '    } catch (error) {\n      throw error;\n    }\n    {',
      ],
      ['gives turns to the last that came', 'this.waiting.shift()', 'this.waiting.pop()'],
      ['loses a turn that nobody waits for', 'this.free += 1;', ''],
    ]),
    ...inFile('libs/licensing/src/validate/validation.service.ts', [
      ['charges nothing', 'await charge(questions.length);', ''],
      ['charges equal questions', 'await charge(questions.length);', 'await charge(inputs.length);'],
      [
        'charges after it looked',
        `await charge(questions.length);
    const verdicts = await Promise.all(questions.map((question) => this.validate(actor, question)));`,
        `const verdicts = await Promise.all(questions.map((question) => this.validate(actor, question)));
    await charge(questions.length);`,
      ],
    ]),
    ...inFile('libs/licensing/src/validate/question.ts', [
      [
        'takes questions of other instances for equal',
        'JSON.stringify([token, module_name, version, instance_db_uuid, instance_domain, ...seat])',
        'JSON.stringify([token, module_name, version, ...seat])',
      ],
      [
        'takes questions about other modules for equal',
        'JSON.stringify([token, module_name, version, instance_db_uuid, instance_domain, ...seat])',
        'JSON.stringify([token, version, instance_db_uuid, instance_domain, ...seat])',
      ],
    ]),
  ],
};
