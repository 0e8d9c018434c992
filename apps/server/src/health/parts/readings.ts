import type { Metrics } from '@aegis/metrics';

/** One series of a metric. */
export interface MetricReading {
  labels: Readonly<Record<string, string>>;
  value: number;
}

/** The metrics of this process at one moment, by name: what health follows from. */
export class Readings {
  private constructor(private readonly metrics: ReadonlyMap<string, readonly MetricReading[]>) {}

  /** Reads some metrics; one that this process does not have, has no series. */
  static async of({ registry }: Metrics, names: readonly string[]): Promise<Readings> {
    const read = names.map(async (name): Promise<[string, readonly MetricReading[]]> => {
      const { values } = (await registry.getSingleMetric(name)?.get()) ?? { values: [] };
      return [name, values.map(({ labels, value }) => ({ labels: labelsOf(labels), value }))];
    });
    return new Readings(new Map(await Promise.all(read)));
  }

  /** For tests. @param metrics the series of each metric */
  static from(metrics: Readonly<Record<string, readonly MetricReading[]>>): Readings {
    return new Readings(new Map(Object.entries(metrics)));
  }

  /** Every series of a metric. */
  all(name: string): readonly MetricReading[] {
    return this.metrics.get(name) ?? [];
  }

  /** The value of a metric without labels, or of the series with a label; undefined where there is no such series. */
  value(name: string, label?: readonly [name: string, value: string]): number | undefined {
    return this.all(name).find(({ labels }) => label === undefined || labels[label[0]] === label[1])?.value;
  }

  /** Values of a label of which the series is 1. */
  set(name: string, label: string): string[] {
    return this.all(name).flatMap(({ labels, value }) => (value === 1 ? [labels[label] ?? ''] : []));
  }
}

function labelsOf(labels: Readonly<Partial<Record<string, string | number>>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, String(value)]));
}
