import { ROOT_CONTEXT, SpanKind, trace, TraceFlags } from '@opentelemetry/api';
import { SamplingDecision } from '@opentelemetry/sdk-trace';
import { randomBytes } from 'node:crypto';
import { samplerOf } from './sampler';

type Name = Parameters<typeof samplerOf>[0]['OTEL_TRACES_SAMPLER'];

/** How many of 2,000 requests are taken. @param parent whether the caller samples; undefined without a caller's trace */
function taken(name: Name, share: string, parent?: boolean): number {
  const sampler = samplerOf({ OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: share });
  let count = 0;
  for (let request = 0; request < 2000; request += 1) {
    const traceId = randomBytes(16).toString('hex');
    const traceFlags = parent ? TraceFlags.SAMPLED : TraceFlags.NONE;
    const context =
      parent === undefined
        ? ROOT_CONTEXT
        : trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: 'a'.repeat(16), traceFlags, isRemote: true });
    const { decision } = sampler.shouldSample(context, traceId, 'GET', SpanKind.SERVER, {}, []);
    if (decision === SamplingDecision.RECORD_AND_SAMPLED) count += 1;
  }
  return count;
}

it.each([
  ['always_on', '0', 2000, 2000, 2000],
  ['always_off', '1', 0, 0, 0],
  ['traceidratio', '1', 2000, 2000, 2000],
  ['traceidratio', '0', 0, 0, 0],
  ['parentbased_always_on', '0', 2000, 2000, 0],
  ['parentbased_always_off', '1', 0, 2000, 0],
  ['parentbased_traceidratio', '1', 2000, 2000, 0],
  ['parentbased_traceidratio', '0', 0, 2000, 0],
] as const)('%s with %s takes', (name, share, alone, belowSampled, belowUnsampled) => {
  expect(taken(name, share)).toBe(alone);
  expect(taken(name, share, true)).toBe(belowSampled);
  expect(taken(name, share, false)).toBe(belowUnsampled);
});

it('samples about the share that is set', () => {
  expect(taken('traceidratio', '0.25', true)).toBeGreaterThan(300);
  expect(taken('traceidratio', '0.25', true)).toBeLessThan(700);
});
