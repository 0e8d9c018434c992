import { randomBytes } from 'node:crypto';
import { Agent, request } from 'node:https';

/** What a request was answered. */
interface Answer {
  status: number;
  body: unknown;
}

/** A license that the server acknowledged, and what was acknowledged of it since. */
interface Acknowledged {
  id: string;
  token: string;
  issuedBy: string;
  /** Id of the request that was to revoke it. */
  revokedBy: string | undefined;
  isRevoked: boolean;
}

/** Whom requests go to. */
export interface Target {
  port: number;
  hostName: string;
  /** Certificate of the authority, PEM. */
  ca: string;
  apiKey: string;
}

const TICK_MS = 20;
/** Far beyond what any answer takes, also on a machine that is busy. */
const TIMEOUT_MS = 60_000;
/** While so many are unanswered, none is sent: more of them would only measure how busy this machine is. */
const AT_ONCE = 64;

/**
 * Sends requests at a rate that does not depend on the answers: 17 of 20 validate, 2 issue, 1 revokes. Nothing is sent again:
 * each answer that is not the right one is an error. What was acknowledged is remembered, by the ids of the requests.
 */
export class Load {
  readonly errors: string[] = [];
  readonly issued: Acknowledged[] = [];
  /** Ids of requests whose validation was answered. */
  readonly validated: string[] = [];
  private readonly agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  private readonly inFlight = new Set<Promise<void>>();
  private timer: NodeJS.Timeout | undefined;
  private began = 0;
  /** Since `start`. */
  private due = 0;
  private sent = 0;
  /** Of all kinds, since the first `start`. */
  private total = 0;
  private customerId = '';

  constructor(private readonly target: Target) {}

  /** Makes a customer and the first licenses. */
  async prepare(): Promise<void> {
    this.customerId = `C-${randomBytes(6).toString('hex')}`;
    const { status } = await this.send(
      'POST',
      '/api/v1/customers',
      { id: this.customerId, name: 'Acme Corporation' },
      'customer',
    );
    if (status !== 201) throw new Error(`a customer was answered ${status}`);
    for (let n = 0; n < 4; n++) await this.issue();
    if (this.errors.length > 0) throw new Error(this.errors.join('\n'));
  }

  /** @param rate requests per second */
  start(rate: number): void {
    [this.began, this.due, this.sent] = [performance.now(), 0, 0];
    this.timer = setInterval(() => {
      const due = Math.floor(((performance.now() - this.began) / 1000) * rate);
      for (; this.due < due; this.due++) {
        if (this.inFlight.size >= AT_ONCE) continue;
        this.sent++;
        this.begin(this.next(this.total++));
      }
    }, TICK_MS);
  }

  /** Sends nothing more, and waits for what is unanswered.  @returns requests per second that were sent */
  async stop(): Promise<number> {
    clearInterval(this.timer);
    const seconds = (performance.now() - this.began) / 1000;
    await Promise.all(this.inFlight);
    return this.sent / seconds;
  }

  close(): void {
    clearInterval(this.timer);
    this.agent.destroy();
  }

  get revoked(): Acknowledged[] {
    return this.issued.filter(({ isRevoked }) => isRevoked);
  }

  private next(n: number): Promise<void> {
    const kind = n % 20;
    if (kind === 0 || kind === 10) return this.issue();
    // Every other license is left alone.
    const [victim] =
      kind === 5 ? this.issued.filter((one, at) => at % 2 === 1 && one.revokedBy === undefined) : [];
    return victim === undefined ? this.validate(n) : this.revoke(victim);
  }

  private begin(work: Promise<void>): void {
    const tracked = work.finally(() => this.inFlight.delete(tracked));
    this.inFlight.add(tracked);
  }

  private async issue(): Promise<void> {
    const id = requestId('issue');
    const { status, body } = await this.send(
      'POST',
      '/api/v1/licenses',
      {
        customer_id: this.customerId,
        module_name: 'payroll',
        allowed_major_versions: ['17', '18'],
        license_type: 'perpetual',
      },
      id,
    );
    const license = body as { id: string; token: string };
    if (status !== 201) this.fail('issue', status, body);
    else
      this.issued.push({
        id: license.id,
        token: license.token,
        issuedBy: id,
        revokedBy: undefined,
        isRevoked: false,
      });
  }

  private async revoke(license: Acknowledged): Promise<void> {
    license.revokedBy = requestId('revoke');
    const { status, body } = await this.send(
      'POST',
      `/api/v1/licenses/${license.id}/revoke`,
      { reason: 'not paid' },
      license.revokedBy,
    );
    if (status !== 200) this.fail('revoke', status, body);
    else license.isRevoked = true;
  }

  private async validate(n: number): Promise<void> {
    const license = this.issued[n % this.issued.length]!;
    const [wasRevoked, mayBeRevoked] = [license.isRevoked, license.revokedBy !== undefined];
    const id = requestId('validate');
    const { status, body } = await this.send(
      'POST',
      '/api/v1/licenses/validate',
      { token: license.token, module_name: 'payroll', odoo_version: '17.0' },
      id,
    );
    const { code } = body as { code?: string };
    // While its revocation is unanswered, both are right.
    const right = wasRevoked
      ? ['REVOKED']
      : mayBeRevoked || license.revokedBy !== undefined
        ? ['VALID', 'REVOKED']
        : ['VALID'];
    if (status !== 200 || !right.includes(code ?? ''))
      this.fail(`validate (${right.join(' or ')})`, status, body);
    else this.validated.push(id);
  }

  private fail(what: string, status: number, body: unknown): void {
    this.errors.push(`${what}: ${status} ${JSON.stringify(body).slice(0, 300)}`);
  }

  /** @returns status 0 and the reason where there was no answer */
  private send(method: string, path: string, body: object, id: string): Promise<Answer> {
    const { port, hostName, ca, apiKey } = this.target;
    const changes = !path.endsWith('/validate');
    return new Promise((resolve) => {
      const sending = request(
        {
          agent: this.agent,
          host: '127.0.0.1',
          port,
          servername: hostName,
          ca,
          method,
          path,
          timeout: TIMEOUT_MS,
          headers: {
            Host: hostName,
            'Content-Type': 'application/json',
            'X-API-Key': apiKey,
            'X-Request-ID': id,
            ...(changes && { 'Idempotency-Key': id }),
          },
        },
        (response) => {
          let text = '';
          response.on('data', (piece: Buffer) => (text += piece.toString()));
          response.on('error', (error) => {
            resolve({ status: 0, body: error.message });
          });
          response.on('end', () => {
            const isJson = /[/+]json/.test(response.headers['content-type'] ?? '');
            resolve({
              status: response.statusCode ?? 0,
              body: isJson ? (JSON.parse(text) as unknown) : text,
            });
          });
        },
      );
      sending.on('timeout', () => sending.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
      sending.on('error', (error) => {
        resolve({ status: 0, body: error.message });
      });
      sending.end(JSON.stringify(body));
    });
  }
}

function requestId(what: string): string {
  return `${what}-${randomBytes(9).toString('hex')}`;
}
