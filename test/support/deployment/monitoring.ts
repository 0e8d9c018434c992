import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { until } from '../until';
import { freePort } from '../processes/free-port';
import { Child } from './child';

const CONFIG = join(__dirname, '../../../config');
const read = (name: string): string => readFileSync(join(CONFIG, name), 'utf8');

/** What Alertmanager sends to a webhook, as far as it is read. */
interface Notification {
  alerts: { status: 'firing' | 'resolved'; labels: Record<string, string> }[];
}

/** An alarm that arrived at a receiver. */
export interface ReceivedAlarm {
  receiver: string;
  alarm: string;
  instance: string | undefined;
  status: 'firing' | 'resolved';
}

interface PrometheusConfig {
  alerting: { alertmanagers: { static_configs: { targets: string[] }[] }[] };
  scrape_configs: { job_name: string; static_configs: { targets: string[] }[] }[];
}

/**
 * Prometheus and Alertmanager with the files of config/, and a receiver of alarms. Replaced are only the addresses and,
 * where asked for, the times.
 */
export class Monitoring {
  private constructor(
    private readonly children: Child[],
    private readonly receiver: Server,
    private readonly prometheusUrl: string,
    readonly received: ReceivedAlarm[],
  ) {}

  /**
   * @param folder in which they may write
   * @param targets `host:port` of each server's metrics
   * @param hurry whether to shorten all pauses: the published ones add up to minutes
   */
  static async start(folder: string, targets: readonly string[], hurry: boolean): Promise<Monitoring> {
    const home = join(folder, 'monitoring');
    mkdirSync(home);
    const received: ReceivedAlarm[] = [];
    const receiver = await receiveAlarms(received);
    const [prometheusPort, alertmanagerPort] = [await freePort(), await freePort()];
    const { port } = receiver.address() as AddressInfo;
    const alertmanager = inHurry(hurry, read('alertmanager/alertmanager.yml')).replaceAll(
      'alarm-receiver:8080',
      `127.0.0.1:${port}`,
    );
    writeFileSync(join(home, 'alertmanager.yml'), alertmanager);
    writeFileSync(join(home, 'aegis.rules.yml'), inHurry(hurry, read('prometheus/aegis.rules.yml')));
    const prometheus = parse(inHurry(hurry, read('prometheus/prometheus.yml'))) as PrometheusConfig;
    for (const { static_configs: configs } of prometheus.alerting.alertmanagers)
      configs[0]!.targets = [`127.0.0.1:${alertmanagerPort}`];
    for (const { job_name: name, static_configs: configs } of prometheus.scrape_configs)
      configs[0]!.targets = name === 'aegis' ? [...targets] : [];
    writeFileSync(join(home, 'prometheus.yml'), stringify(prometheus));
    const children = [
      new Child('prometheus-alertmanager', [
        `--config.file=${join(home, 'alertmanager.yml')}`,
        `--storage.path=${join(home, 'alertmanager')}`,
        `--web.listen-address=127.0.0.1:${alertmanagerPort}`,
        '--cluster.listen-address=',
      ]),
      new Child('prometheus', [
        `--config.file=${join(home, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(home, 'prometheus')}`,
        `--web.listen-address=127.0.0.1:${prometheusPort}`,
      ]),
    ];
    return new Monitoring(children, receiver, `http://127.0.0.1:${prometheusPort}`, received);
  }

  /** Values of an instant query, by the instance that they are of. Empty while Prometheus does not answer. */
  async values(query: string): Promise<Record<string, number>> {
    for (const child of this.children) child.assertRuns();
    const url = `${this.prometheusUrl}/api/v1/query?query=${encodeURIComponent(query)}`;
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.status !== 200) return {};
    const { data } = (await answer.json()) as {
      data: { result: { metric: { instance?: string }; value: [number, string] }[] };
    };
    return Object.fromEntries(
      data.result.map(({ metric, value }) => [metric.instance ?? '', Number(value[1])]),
    );
  }

  /**
   * Waits until an alarm arrives.
   * @throws with all that arrived, when it does not
   */
  async arrives(wanted: ReceivedAlarm, patienceMs: number): Promise<void> {
    const same = (one: ReceivedAlarm): boolean => JSON.stringify(one) === JSON.stringify(wanted);
    const hasArrived = (): Promise<boolean> => {
      for (const child of this.children) child.assertRuns();
      return Promise.resolve(this.received.some(same));
    };
    try {
      await until(`${wanted.alarm} of ${wanted.instance} is ${wanted.status}`, hasArrived, patienceMs);
    } catch (error) {
      throw new Error(`${String(error)}; arrived: ${JSON.stringify(this.received)}`);
    }
  }

  async close(): Promise<void> {
    for (const child of this.children) await child.end('SIGKILL');
    this.receiver.closeAllConnections();
    this.receiver.close();
  }
}

/** Shortens what a deployment would wait: 15 s to 1 s, a minute to 2 s, five minutes to 3 s. */
function inHurry(hurry: boolean, text: string): string {
  if (!hurry) return text;
  return text
    .replaceAll(/(scrape_interval|evaluation_interval|group_wait): \w+/g, '$1: 1s')
    .replaceAll(/group_interval: \w+/g, 'group_interval: 2s')
    .replaceAll(/(alert: AegisInstanceDown\n.*\n +for): 1m/g, '$1: 2s');
}

async function receiveAlarms(received: ReceivedAlarm[]): Promise<Server> {
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (piece: Buffer) => (text += piece.toString()));
    request.on('end', () => {
      const { alerts } = JSON.parse(text) as Notification;
      for (const { status, labels } of alerts)
        received.push({
          receiver: request.url ?? '',
          alarm: labels.alertname ?? '',
          instance: labels.instance,
          status,
        });
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
