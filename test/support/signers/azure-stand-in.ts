import { constants, generateKeyPairSync, privateDecrypt, publicEncrypt, randomBytes } from 'node:crypto';
import { type Answer, type Asked, StandInServer } from './stand-in-server';

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const OAEP = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' };
const refused = (status: number, code: string): Answer => ({ status, body: { error: { code } } });

/**
 * Azure as its documentation describes it: tokens by client secret, by federated assertion and for managed identities,
 * and Key Vault's unwrapkey. Shares no code with the client.
 */
export class AzureStandIn extends StandInServer {
  readonly tenant = 'acme.example';
  readonly client = '11111111-2222-3333-4444-555555555555';
  readonly secret = 'a secret of the stand-in';
  assertion = 'a.federated.token';
  private readonly keyPath = `/keys/passphrase/${'0123456789abcdef'.repeat(2)}`;
  private readonly tokens = new Set<string>();

  get keyUrl(): string {
    return `${this.url}${this.keyPath}`;
  }

  /** In base64, as `az keyvault key encrypt` prints it. */
  wrap(passphrase: string | Buffer): string {
    return publicEncrypt({ key: publicKey, ...OAEP }, Buffer.from(passphrase)).toString('base64');
  }

  protected answer({ method, path, headers, body }: Asked): Answer {
    const url = new URL(path, this.url);
    if (url.pathname === `/${this.tenant}/oauth2/v2.0/token` && method === 'POST') return this.token(body);
    if (url.pathname === '/metadata/identity/oauth2/token' && method === 'GET') {
      const known = headers.metadata === 'true' && url.searchParams.get('api-version') === '2018-02-01';
      return known && url.searchParams.has('resource') ? this.granted() : refused(400, 'invalid_request');
    }
    if (url.pathname !== `${this.keyPath}/unwrapkey` || method !== 'POST') return refused(404, 'KeyNotFound');
    const [, token = ''] = /^Bearer (\S+)$/.exec(headers.authorization ?? '') ?? [];
    if (!this.tokens.has(token)) return refused(401, 'Unauthorized');
    if (!/^7\.\d$/.test(url.searchParams.get('api-version') ?? '')) return refused(400, 'BadParameter');
    const { alg, value } = JSON.parse(body) as { alg: string; value: string };
    if (alg !== 'RSA-OAEP-256' || !/^[A-Za-z0-9_-]+$/.test(value)) return refused(400, 'BadParameter');
    try {
      const plain = privateDecrypt({ key: privateKey, ...OAEP }, Buffer.from(value, 'base64url'));
      return { status: 200, body: { kid: this.keyUrl, value: plain.toString('base64url') } };
    } catch {
      return refused(400, 'BadParameter');
    }
  }

  private token(body: string): Answer {
    const asked = new URLSearchParams(body);
    const isClient =
      asked.get('grant_type') === 'client_credentials' &&
      asked.get('client_id') === this.client &&
      asked.get('scope')?.endsWith('/.default') === true;
    const isProven =
      asked.get('client_secret') === this.secret ||
      (asked.get('client_assertion_type') === 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' &&
        asked.get('client_assertion') === this.assertion);
    return isClient && isProven ? this.granted() : refused(401, 'invalid_client');
  }

  private granted(): Answer {
    const token = randomBytes(12).toString('hex');
    this.tokens.add(token);
    return { status: 200, body: { access_token: token, token_type: 'Bearer', expires_in: 3599 } };
  }
}
