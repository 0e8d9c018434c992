import { ConfigurationError } from '@aegis/errors';
import { Logger } from '@aegis/logging';
import { Metrics } from '@aegis/metrics';
import {
  type OpenedKey,
  type SignatureResult,
  type Signer,
  SignerMetrics,
  type SignerSource,
  SignerUnavailable,
} from '@aegis/signing';
import { randomBytes, verify } from 'node:crypto';
import { Writable } from 'node:stream';
import { until } from '../until';
import type { Fault } from './stand-in-server';

/** What a source under test is made with. */
export interface SourceTools {
  timeoutMs: number;
  openTimeoutMs: number;
  logger: Logger;
  metrics: SignerMetrics;
}

/** A kind of source, with keys to sign with. */
export interface SignerBench {
  /** Kid of a key that is there from the beginning. */
  readonly kid: string;
  source(tools: SourceTools): SignerSource | Promise<SignerSource>;
  /** Makes another key, or version of the key. @returns the kid that it signs under */
  rotate(): Promise<string>;
  /** Makes it fail; undefined repairs it. */
  fail?(fault: Fault | undefined): void | Promise<void>;
  /** Signatures that it was asked for so far. */
  asked?(): number;
  close(): Promise<void>;
}

/** For what hangs. All else fails at once, however slow the machine is. */
const SHORT_MS = 1_000;
const LONG_MS = 20_000;
const FAILURES_TO_OPEN = 5;
const INPUT = Buffer.from('header.claims');

/**
 * What every source of signers keeps to, no matter who makes the signature.
 * @param faults what the bench can be made to do wrong; none for a real service that does no wrong
 */
export function describeSignerSource(
  name: string,
  makeBench: () => Promise<SignerBench>,
  faults: readonly Fault[] = [],
): void {
  describe(name, () => {
    let bench: SignerBench;
    let source: SignerSource;
    let metrics: Metrics;
    let log: string;

    const open = async (timeoutMs: number): Promise<void> => {
      bench = await makeBench();
      metrics = new Metrics();
      log = '';
      const stream = new Writable({
        write(chunk, _encoding, done) {
          log += String(chunk);
          done();
        },
      });
      const logger = new Logger({ level: 'debug', format: 'json', stream });
      source = await bench.source({
        timeoutMs,
        openTimeoutMs: LONG_MS,
        logger,
        metrics: new SignerMetrics(metrics),
      });
    };
    afterEach(async () => {
      await source.close?.();
      await bench.close();
    });

    const holds = async ({ signer, publicKey }: OpenedKey, input: Buffer = INPUT): Promise<boolean> => {
      const signature = await signer.sign(input);
      return signature.length === 64 && verify(null, input, publicKey, signature);
    };
    const refused = (signer: Signer): Promise<unknown> =>
      signer.sign(INPUT).then(
        () => 'a signature',
        (error: unknown) => error,
      );
    const count = async (result: SignatureResult): Promise<number> => {
      const text = await metrics.registry.metrics();
      const pattern = new RegExp(
        `^aegis_signature_duration_seconds_count\\{result="${result}"\\} (\\d+)$`,
        'm',
      );
      return Number(pattern.exec(text)?.[1]);
    };

    it('signs what it is given, under the public key that it returns', async () => {
      await open(LONG_MS);
      expect(await source.kids()).toContain(bench.kid);
      const opened = await source.open(bench.kid);
      expect(opened.signer.kid).toBe(bench.kid);
      expect(opened.publicKey.asymmetricKeyType).toBe('ed25519');
      for (const input of [INPUT, randomBytes(1), randomBytes(4096)])
        expect(await holds(opened, input)).toBe(true);
      expect(await count('made')).toBe(3);
    });

    it('signs for many at once', async () => {
      await open(LONG_MS);
      const opened = await source.open(bench.kid);
      const inputs = Array.from({ length: 40 }, () => randomBytes(100));
      expect(await Promise.all(inputs.map((input) => holds(opened, input)))).toEqual(Array(40).fill(true));
    });

    it('refuses a kid that it has no key for', async () => {
      await open(LONG_MS);
      await expect(source.open('2020-01-z')).rejects.toThrow(ConfigurationError);
      expect(await source.kids()).not.toContain('2020-01-z');
    });

    it('finds a new key without a restart, and continues signing with the one before', async () => {
      await open(LONG_MS);
      const before = await source.open(bench.kid);
      const kid = await bench.rotate();
      expect(kid).not.toBe(bench.kid);
      expect([...(await source.kids())].sort()).toEqual([bench.kid, kid].sort());
      const after = await source.open(kid);
      expect(after.publicKey.equals(before.publicKey)).toBe(false);
      expect(await holds(after)).toBe(true);
      expect(await holds(before)).toBe(true);
      expect((await source.open(bench.kid)).publicKey.equals(before.publicKey)).toBe(true);
    });

    if (faults.length > 0)
      describe.each(faults)('whose signer answers by: %s', (fault) => {
        it('hands out nothing, says 503, and signs again when it is repaired', async () => {
          await open(fault === 'hang' ? SHORT_MS : LONG_MS);
          const opened = await source.open(bench.kid);
          await bench.fail?.(fault);
          const error = await refused(opened.signer);
          expect(error).toBeInstanceOf(SignerUnavailable);
          expect(error).toMatchObject({ code: 'service_unavailable', retryAfterSeconds: 1 });
          // One failure may be chance.
          expect(source.isAway).toBe(false);
          const results = await Promise.all((['timeout', 'failed', 'invalid'] as const).map(count));
          expect(results.reduce((sum, one) => sum + one)).toBe(1);
          if (fault === 'hang') expect(results).toEqual([1, 0, 0]);
          if (fault === 'foreign signature') expect(results).toEqual([0, 0, 1]);
          await bench.fail?.(undefined);
          await until('it signs again', () => holds(opened).catch(() => false));
        });

        it('no longer asks it after five failures, and learns by itself that it is back', async () => {
          await open(fault === 'hang' ? SHORT_MS : LONG_MS);
          const opened = await source.open(bench.kid);
          await bench.fail?.(fault);
          await Promise.all(Array.from({ length: FAILURES_TO_OPEN + 3 }, () => refused(opened.signer)));
          expect(source.isAway).toBe(true);
          const asked = bench.asked?.();
          const began = performance.now();
          expect(await refused(opened.signer)).toBeInstanceOf(SignerUnavailable);
          // Unless a second has passed meanwhile, in which a trial is due.
          if (performance.now() - began < 500) {
            expect(await count('refused')).toBe(1);
            expect(bench.asked?.()).toBe(asked);
          }
          expect(await metrics.registry.metrics()).toMatch(
            /^aegis_signer_breaker_state\{state="closed"\} 0$/m,
          );
          await bench.fail?.(undefined);
          await until('it is known to be back', () => Promise.resolve(source.isAway === false));
          await until('it signs again', () => holds(opened).catch(() => false));
          expect(await metrics.registry.metrics()).toMatch(
            /^aegis_signer_breaker_state\{state="closed"\} 1$/m,
          );
          expect(log.match(/the signer is unavailable/g)).toHaveLength(1);
          expect(log.match(/the signer is back/g)).toHaveLength(1);
        });
      });
  });
}
