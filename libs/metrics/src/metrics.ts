import { PRODUCT_VERSION } from '@aegis/config';
import { Injectable } from '@nestjs/common';
import {
  Counter,
  type CounterConfiguration,
  Gauge,
  type GaugeConfiguration,
  Histogram,
  type HistogramConfiguration,
  type LabelValues,
  type Metric,
  Registry,
} from 'prom-client';

/** Of times of requests and the like, in seconds. */
export const DURATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * What the process counts and measures, for Prometheus. Each metric is registered where it is counted, and explained in
 * docs/metrics.md. Registered again under the same name, a metric is the same one. Series whose labels are known begin
 * at 0, so that the first increase is seen.
 */
@Injectable()
export class Metrics {
  /** Of this process alone; two servers in one process, as in tests, do not mix. */
  readonly registry = new Registry();

  constructor() {
    this.gauge({
      name: 'aegis_build_info',
      help: 'Always 1; its label names the version that runs.',
      labelNames: ['version'],
    }).set({ version: PRODUCT_VERSION }, 1);
  }

  /** @param begin labels of the series that exist from the start */
  counter<Label extends string = never>(
    configuration: CounterConfiguration<Label>,
    begin: readonly LabelValues<Label>[] = [],
  ): Counter<Label> {
    const counter = this.registered(
      configuration.name,
      () => new Counter({ ...configuration, registers: [this.registry] }),
    );
    for (const labels of begin) counter.inc(labels, 0);
    return counter;
  }

  gauge<Label extends string = never>(configuration: GaugeConfiguration<Label>): Gauge<Label> {
    return this.registered(
      configuration.name,
      () => new Gauge({ ...configuration, registers: [this.registry] }),
    );
  }

  /** @param begin labels of the series that exist from the start */
  histogram<Label extends string = never>(
    configuration: HistogramConfiguration<Label>,
    begin: readonly LabelValues<Label>[] = [],
  ): Histogram<Label> {
    const histogram = this.registered(
      configuration.name,
      () => new Histogram({ ...configuration, registers: [this.registry] }),
    );
    for (const labels of begin) histogram.zero(labels);
    return histogram;
  }

  private registered<M extends Metric>(name: string, make: () => M): M {
    return (this.registry.getSingleMetric(name) as M | undefined) ?? make();
  }
}
