import { OutcomeUnknown } from '@aegis/database';
import { Metrics } from '@aegis/metrics';
import { Scrape } from '../../../test/support/trail/scrape';
import { ActivationEnded, ActivationNotFound, SeatsExhausted } from './activations.errors';
import { SeatCounts } from './seat-counts';

describe('counts of what installations ask for', () => {
  let metrics: Metrics;
  let counts: SeatCounts;

  beforeEach(() => {
    metrics = new Metrics();
    counts = new SeatCounts(metrics);
  });

  const value = async (series: string): Promise<number | undefined> =>
    new Scrape(await metrics.registry.metrics()).series.get(series);

  it('say what was decided', async () => {
    await counts.admission(Promise.resolve({ isNew: true }));
    await counts.admission(Promise.resolve({ isNew: false }));
    const full = new SeatsExhausted({ limit: 1, inUse: 1, nextFreeAt: null });
    await expect(counts.admission(Promise.reject(full))).rejects.toBe(full);
    const ended = new ActivationEnded('released', new Date(0));
    await expect(counts.heartbeat(Promise.reject(ended))).rejects.toBe(ended);
    counts.heartbeatEnded(new ActivationNotFound());
    for (const [name, result] of [
      ['admissions', 'admitted'],
      ['admissions', 'renewed'],
      ['admissions', 'seats_exhausted'],
      ['heartbeats', 'activation_ended'],
      ['heartbeats', 'refused'],
    ])
      expect([result, await value(`aegis_${name}_total{result="${result}"}`)]).toEqual([result, 1]);
  });

  it.each([
    ['that the outcome is not known', new OutcomeUnknown(new Error('lost'))],
    ['nothing that a caller may know', new Error('lost')],
  ])('do not include an error that says %s', async (_what, error) => {
    await expect(counts.admission(Promise.reject(error))).rejects.toBe(error);
    await expect(counts.heartbeat(Promise.reject(error))).rejects.toBe(error);
    expect(await value('aegis_admissions_total{result="refused"}')).toBe(0);
    expect(await value('aegis_heartbeats_total{result="refused"}')).toBe(0);
  });
});
