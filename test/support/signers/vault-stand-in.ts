import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { type Answer, type Asked, StandInServer } from './stand-in-server';

type Pair = ReturnType<typeof generateEd25519>;
interface Token {
  /** Of its life, in seconds; 0 does not end. */
  ttl: number;
  renewals: number;
}

const generateEd25519 = (): { publicKey: KeyObject; privateKey: KeyObject } => generateKeyPairSync('ed25519');
const allowed = (data: object): Answer => ({ status: 200, body: { data } });
const refused = (status: number, ...errors: string[]): Answer => ({ status, body: { errors } });

/**
 * HashiCorp Vault as its documentation describes it: transit keys with versions, logins by AppRole and Kubernetes,
 * tokens that end and are renewed, namespaces. Shares no code with the client that it is asked by.
 */
export class VaultStandIn extends StandInServer {
  readonly tokens = new Map<string, Token>([['root', { ttl: 0, renewals: 0 }]]);
  readonly keys = new Map<string, { type: string; versions: Pair[]; minimum: number }>();
  readonly appRole = { roleId: 'role-1', secretId: 'secret-1' };
  readonly kubernetes = { role: 'aegis', jwt: 'a.service.account' };
  /** Namespace that all is in. */
  namespace: string | undefined;
  /** Life of tokens that a login gives, in seconds. */
  ttl = 3600;
  private readonly foreign = generateEd25519();

  /** Makes a key, or a new version of it. */
  rotate(name: string, type = 'ed25519'): void {
    const key = this.keys.get(name) ?? { type, versions: [], minimum: 0 };
    key.versions.push(generateEd25519());
    this.keys.set(name, key);
  }

  /** All tokens that logins gave are worth nothing from now on. */
  revokeTokens(): void {
    for (const token of this.tokens.keys()) if (token !== 'root') this.tokens.delete(token);
  }

  protected answer({ method, path, headers, body }: Asked): Answer {
    if (headers['x-vault-namespace'] !== this.namespace) return refused(404, 'no handler for route');
    const [, mount, kind, name = ''] = /^\/v1\/(auth\/[^/]+|[^/]+)\/([^/]+)(?:\/([^/]+))?$/.exec(path) ?? [];
    const question = body === '' ? {} : (JSON.parse(body) as Record<string, unknown>);
    if (kind === 'login') return this.logIn(mount ?? '', question);
    const token = headers['x-vault-token'];
    const known = typeof token === 'string' ? this.tokens.get(token) : undefined;
    if (known === undefined) return refused(403, 'permission denied');
    if (path === '/v1/auth/token/lookup-self' && method === 'GET')
      return allowed({ id: token, ttl: known.ttl, renewable: known.ttl > 0 });
    if (path === '/v1/auth/token/renew-self') {
      known.renewals += 1;
      return this.auth(String(token), known.ttl);
    }
    const key = this.keys.get(decodeURIComponent(name));
    if (mount !== 'transit') return refused(404, 'no handler for route');
    if (key === undefined) return refused(404);
    if (kind === 'keys' && method === 'GET') return this.describe(key);
    return kind === 'sign' && method === 'POST' ? this.sign(key, question) : refused(405, 'unsupported');
  }

  private logIn(mount: string, question: Record<string, unknown>): Answer {
    const isRole =
      mount === 'auth/approle' &&
      question.role_id === this.appRole.roleId &&
      question.secret_id === this.appRole.secretId;
    const isPod =
      mount === 'auth/kubernetes' &&
      question.role === this.kubernetes.role &&
      question.jwt === this.kubernetes.jwt;
    if (!isRole && !isPod) return refused(400, 'invalid role or secret ID');
    const token = `s.${randomBytes(12).toString('hex')}`;
    this.tokens.set(token, { ttl: this.ttl, renewals: 0 });
    return this.auth(token, this.ttl);
  }

  private auth(token: string, ttl: number): Answer {
    return {
      status: 200,
      body: { auth: { client_token: token, lease_duration: ttl, renewable: true, policies: ['aegis'] } },
    };
  }

  private describe({ type, versions, minimum }: { type: string; versions: Pair[]; minimum: number }): Answer {
    const keys = versions.map(({ publicKey }, index) => [
      String(index + 1),
      {
        name: type,
        public_key: publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64'),
      },
    ]);
    return allowed({
      type,
      keys: Object.fromEntries(keys) as object,
      latest_version: versions.length,
      min_encryption_version: minimum,
    });
  }

  private sign(
    { versions, minimum }: { versions: Pair[]; minimum: number },
    question: Record<string, unknown>,
  ): Answer {
    const version = Number(question.key_version ?? versions.length);
    const pair = versions[version - 1];
    if (pair === undefined || version < minimum) return refused(400, 'invalid key version');
    const key = this.fault === 'foreign signature' ? this.foreign : pair;
    const signature = sign(null, Buffer.from(String(question.input), 'base64'), key.privateKey);
    return allowed({ signature: `vault:v${version}:${signature.toString('base64')}` });
  }
}
