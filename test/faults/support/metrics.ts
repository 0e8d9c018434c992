import type { ServerProcess } from '../../support/processes/server-process';

/** What a server's metrics say at one moment. */
export class MetricsReading {
  private constructor(private readonly text: string) {}

  static of(server: ServerProcess): Promise<MetricsReading> {
    return MetricsReading.at(MetricsReading.urlOf(server));
  }

  /** @param url of the metrics' port, for a server whose log cannot be read */
  static async at(url: string): Promise<MetricsReading> {
    return new MetricsReading(await (await fetch(`${url}/metrics`)).text());
  }

  /** URL of the metrics' port, as the log says. */
  static urlOf(server: ServerProcess): string {
    const [, url] = /"metrics_url":"([^"]+)"/.exec(server.stdout) ?? [];
    if (url === undefined) throw new Error(`the server did not say where its metrics are:\n${server.output}`);
    return url;
  }

  /**
   * The sum over all series of a metric.
   * @param name e.g. `aegis_audit_failures_total`
   * @param labels that the series have among theirs
   * @returns undefined when the metric has no such series
   */
  value(name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    const values = this.text
      .split('\n')
      .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
      .filter((line) => wanted.every((label) => line.includes(label)))
      .map((line) => Number(line.slice(line.lastIndexOf(' ') + 1)));
    return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0);
  }
}
