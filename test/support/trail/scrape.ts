/** One answer of `GET /metrics`, read. */
export class Scrape {
  /** Type of each metric by its name. */
  readonly families = new Map<string, string>();
  /** Value of each series by its name with labels, as written. */
  readonly series = new Map<string, number>();

  constructor(readonly text: string) {
    for (const line of text.split('\n')) {
      const [, name, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
      if (name !== undefined && type !== undefined) this.families.set(name, type);
      const [, series, value] = /^([a-z]\w*(?:\{.*\})?) (\S+)$/.exec(line) ?? [];
      if (series !== undefined) this.series.set(series, Number(value));
    }
  }

  /** @param url of the metrics' port */
  static async of(url: string): Promise<Scrape> {
    return new Scrape(await (await fetch(`${url}/metrics`)).text());
  }

  /** @param series as written, e.g. `aegis_verdicts_total{code="VALID"}`; 0 before it first appears */
  value(series: string): number {
    return this.series.get(series) ?? 0;
  }

  /** Names of a metric's labels, as its series show them. */
  readonly labelsOf = (metric: string): string[] => {
    const names = new Set<string>();
    for (const series of this.series.keys()) {
      const [, name, labels = ''] = /^(\w+?)(?:_bucket|_sum|_count)?(?:\{(.*)\})?$/.exec(series) ?? [];
      if (name !== metric) continue;
      for (const [, label = ''] of labels.matchAll(/(\w+)="/g)) if (label !== 'le') names.add(label);
    }
    return [...names];
  };
}
