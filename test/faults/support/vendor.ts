import { randomBytes } from 'node:crypto';
import { Caller, type Reply } from './caller';
import { template } from './template';

export const MODULE = 'payroll';

/** A vendor's service: requests that a row sends one by one. */
export class Vendor {
  private readonly caller: Caller;

  /**
   * @param url gives the base URL of a server; asked for each request, so that a row can restart it
   * @param apiKey the template's unless given
   */
  constructor(
    private readonly url: () => string,
    apiKey = template().apiKey,
  ) {
    this.caller = new Caller(apiKey);
  }

  /**
   * @param key for the header Idempotency-Key; none when undefined
   * @param tag for the header If-Match; none when undefined
   */
  send(method: string, path: string, body?: object, key?: string, tag?: string): Promise<Reply> {
    const headers = {
      ...(key !== undefined && { 'Idempotency-Key': key }),
      ...(tag !== undefined && { 'If-Match': tag }),
    };
    return this.caller.send(method, this.url() + path, body, headers);
  }

  /** Makes a customer. @returns its id */
  async customer(): Promise<string> {
    const id = `C-${randomBytes(6).toString('hex')}`;
    await this.made('/api/v1/customers', { id, name: 'Acme Corporation' });
    return id;
  }

  /** Issues a license. @param changes fields of the request besides those of a perpetual license, or instead of them */
  license(customerId: string, changes: object = {}): Promise<{ id: string; token: string }> {
    return this.made('/api/v1/licenses', { ...issueOf(customerId), ...changes });
  }

  /** The verdict on a token. */
  validate(token: string): Promise<Reply> {
    return this.send('POST', '/api/v1/licenses/validate', {
      token,
      module_name: MODULE,
      odoo_version: '17.0',
    });
  }

  close(): void {
    this.caller.close();
  }

  /** Sends a request that has to succeed. @returns its answer */
  async made<T extends object>(path: string, body: object): Promise<T> {
    const { status, body: answer } = await this.send('POST', path, body);
    if (status < 200 || status > 299)
      throw new Error(`${path} was answered ${status} ${JSON.stringify(answer)}`);
    return answer as T;
  }
}

/** A request that issues a perpetual license. */
export function issueOf(customerId: string): object {
  return {
    customer_id: customerId,
    module_name: MODULE,
    allowed_major_versions: ['17'],
    license_type: 'perpetual',
  };
}
