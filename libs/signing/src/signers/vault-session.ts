import { type JsonAnswer, pick, requestJson } from './json-request';
import { readPlatformToken } from './platform-token';
import { RemoteFailure } from './remote-failure';

const OK = 200;
const FORBIDDEN = 403;
const MS = 1000;
const LOGIN_TIMEOUT_MS = 5000;
/** After a renewal that failed. */
const RENEWAL_PAUSE_MS = 10_000;

/** How to log in to Vault or OpenBao. */
export type VaultLogin =
  | { method: 'token'; token: string }
  | { method: 'approle'; mount: string; roleId: string; secretId: string }
  | { method: 'kubernetes'; mount: string; role: string; jwtFile: string };

export interface VaultAddress {
  /** `https://vault.example.org:8200`. */
  url: string;
  /** Of Vault Enterprise and OpenBao. */
  namespace?: string;
}

interface Lease {
  token: string;
  /** When two thirds of the token's life are over, on the monotonic clock; undefined when it does not end. */
  renewAt?: number;
  renewable: boolean;
}

/**
 * Requests to Vault under a token that is renewed when two thirds of its life are over, and requested again by login when
 * it is refused.
 */
export class VaultSession {
  private lease?: Promise<Lease>;
  private renewing = false;

  constructor(
    private readonly address: VaultAddress,
    private readonly login: VaultLogin,
  ) {}

  /**
   * @param path below `/v1/`, its parts encoded
   * @param body sent by POST; without it the request is a GET
   * @returns what Vault answered with 200
   * @throws RemoteFailure, and what fetch throws
   */
  async request(path: string, body: object | undefined, signal: AbortSignal): Promise<unknown> {
    const lease = await this.currentLease();
    let answer = await this.send(path, body, lease.token, signal);
    if (answer.status === FORBIDDEN && this.login.method !== 'token') {
      const fresh = await this.replace(lease);
      answer = await this.send(path, body, fresh.token, signal);
    }
    this.renewInTime(lease);
    return accepted(answer, path);
  }

  private send(
    path: string,
    body: object | undefined,
    token: string | undefined,
    signal: AbortSignal,
  ): Promise<JsonAnswer> {
    const { url, namespace } = this.address;
    return requestJson(`${url}/v1/${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        'X-Vault-Request': 'true',
        ...(token === undefined ? {} : { 'X-Vault-Token': token }),
        ...(namespace === undefined ? {} : { 'X-Vault-Namespace': namespace }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
    });
  }

  /**
   * Callers share one login, which continues when one of them no longer waits; a failed one is forgotten, and the next
   * caller tries again.
   */
  private currentLease(): Promise<Lease> {
    if (this.lease === undefined) {
      const lease = this.logIn(AbortSignal.timeout(LOGIN_TIMEOUT_MS));
      this.lease = lease;
      lease.catch(() => {
        if (this.lease === lease) this.lease = undefined;
      });
    }
    return this.lease;
  }

  /** Logs in again, unless another caller has done so since `refused` was handed out. */
  private async replace(refused: Lease): Promise<Lease> {
    const current = await this.currentLease();
    if (current.token !== refused.token) return current;
    this.lease = undefined;
    return this.currentLease();
  }

  private async logIn(signal: AbortSignal): Promise<Lease> {
    const { login } = this;
    if (login.method === 'token') {
      const path = 'auth/token/lookup-self';
      const known = accepted(await this.send(path, undefined, login.token, signal), path);
      return leaseOf(login.token, pick(known, 'data', 'ttl'), pick(known, 'data', 'renewable'));
    }
    const path = `auth/${login.mount}/login`;
    const answer = await this.send(path, await credentials(login), undefined, signal);
    return granted(accepted(answer, path), path);
  }

  /** Renews in parallel with the request that found it due; while that fails the old token is used until it is refused. */
  private renewInTime(lease: Lease): void {
    if (this.renewing || lease.renewAt === undefined || performance.now() < lease.renewAt) return;
    this.renewing = true;
    void this.renew(lease)
      .then((renewed) => {
        this.lease = Promise.resolve(renewed);
      })
      .catch(() => {
        lease.renewAt = performance.now() + RENEWAL_PAUSE_MS;
      })
      .finally(() => {
        this.renewing = false;
      });
  }

  private async renew(lease: Lease): Promise<Lease> {
    const signal = AbortSignal.timeout(LOGIN_TIMEOUT_MS);
    // A token that can be renewed no further comes back with what is left of its life, or is refused.
    if (!lease.renewable && this.login.method !== 'token') return this.logIn(signal);
    const path = 'auth/token/renew-self';
    const answer = await this.send(path, {}, lease.token, signal);
    if (answer.status !== OK && this.login.method !== 'token') return this.logIn(signal);
    return granted(accepted(answer, path), path);
  }
}

function leaseOf(token: string, seconds: unknown, renewable: unknown): Lease {
  const ends = typeof seconds === 'number' && seconds > 0;
  return {
    token,
    renewable: renewable === true,
    renewAt: ends ? performance.now() + (seconds * MS * 2) / 3 : undefined,
  };
}

function granted(body: unknown, path: string): Lease {
  const token = pick(body, 'auth', 'client_token');
  if (typeof token !== 'string' || token === '')
    throw new RemoteFailure(`Vault returned no token at ${path}.`);
  return leaseOf(token, pick(body, 'auth', 'lease_duration'), pick(body, 'auth', 'renewable'));
}

function accepted({ status, body }: JsonAnswer, path: string): unknown {
  if (status !== OK) throw new RemoteFailure(`Vault answered ${status} at ${path}.`, status);
  return body;
}

async function credentials(login: Exclude<VaultLogin, { method: 'token' }>): Promise<object> {
  if (login.method === 'approle') return { role_id: login.roleId, secret_id: login.secretId };
  const hint = "It is the pod's service account token.";
  return { role: login.role, jwt: await readPlatformToken(login.jwtFile, 'VAULT_JWT_FILE', hint) };
}
