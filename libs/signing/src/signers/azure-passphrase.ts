import { ConfigurationError } from '@aegis/errors';
import { pick, requestJson } from './json-request';
import { readPlatformToken } from './platform-token';
import { keyOpeningError, RemoteFailure } from './remote-failure';

const API_VERSION = '7.4';
const OK = 200;
const ALGORITHM = 'RSA-OAEP-256';
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const METADATA_SERVICE = 'http://169.254.169.254';
const TIMEOUT_MS = 10_000;
const ADVICE = 'Check the AZURE_ settings, and that the identity may "unwrapKey" (docs/signers.md).';

/** As whom this process asks Azure. */
export type AzureIdentity =
  | { method: 'secret'; authority: string; tenant: string; client: string; secret: string }
  | { method: 'workload'; authority: string; tenant: string; client: string; tokenFile: string }
  | { method: 'managed'; client?: string; metadataService?: string };

export interface WrappedPassphrase {
  /** `https://<vault>.vault.azure.net/keys/<name>/<version>`, an RSA key. */
  keyUrl: string;
  /** Wrapped with RSA-OAEP and SHA-256, in base64 or base64url. */
  wrapped: string;
  identity: AzureIdentity;
}

/**
 * Has Azure Key Vault unwrap a passphrase. Key Vault signs no Ed25519, so it can't hold the signing key itself.
 * @throws ConfigurationError when it refuses, SignerUnavailable when it cannot be reached
 */
export async function unwrapPassphrase({ keyUrl, wrapped, identity }: WrappedPassphrase): Promise<string> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const url = new URL(keyUrl);
    const { status, body } = await requestJson(
      `${url.origin}${url.pathname.replace(/\/$/, '')}/unwrapkey?api-version=${API_VERSION}`,
      {
        method: 'POST',
        headers: {
          Authorization: `Bearer ${await accessToken(identity, scopeOf(url), signal)}`,
          'Content-Type': 'application/json',
        },
        body: JSON.stringify({ alg: ALGORITHM, value: Buffer.from(wrapped, 'base64').toString('base64url') }),
        signal,
      },
    );
    if (status !== OK) throw new RemoteFailure(`Azure Key Vault answered ${status} to unwrapkey.`, status);
    return passphraseIn(pick(body, 'value'));
  } catch (error) {
    throw keyOpeningError(error, ADVICE);
  }
}

function passphraseIn(value: unknown): string {
  if (typeof value !== 'string' || value === '')
    throw new RemoteFailure('Azure Key Vault answered unwrapkey without a value.');
  try {
    return new TextDecoder('utf8', { fatal: true }).decode(Buffer.from(value, 'base64url'));
  } catch (error) {
    throw new ConfigurationError('KEY_PASSPHRASE_WRAPPED does not contain UTF-8 text.', {
      cause: error,
    });
  }
}

/** What tokens are for: the cloud's Key Vault, as in `https://vault.azure.net`. */
function scopeOf({ hostname }: URL): string {
  return `https://${hostname.replace(/^.*?\.(?=vault\.)/, '')}`;
}

async function accessToken(identity: AzureIdentity, resource: string, signal: AbortSignal): Promise<string> {
  const { status, body } = await (identity.method === 'managed'
    ? requestJson(metadataUrl(identity, resource), { method: 'GET', headers: { Metadata: 'true' }, signal })
    : requestJson(`${identity.authority}/${encodeURIComponent(identity.tenant)}/oauth2/v2.0/token`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          client_id: identity.client,
          scope: `${resource}/.default`,
          ...(await proof(identity)),
        }).toString(),
        signal,
      }));
  if (status !== OK) throw new RemoteFailure(`Azure answered ${status} to the request for a token.`, status);
  const token = pick(body, 'access_token');
  if (typeof token !== 'string') throw new RemoteFailure('Azure answered without an access token.');
  return token;
}

function metadataUrl(identity: AzureIdentity & { method: 'managed' }, resource: string): string {
  const query = new URLSearchParams({ 'api-version': '2018-02-01', resource });
  if (identity.client !== undefined) query.set('client_id', identity.client);
  return `${identity.metadataService ?? METADATA_SERVICE}/metadata/identity/oauth2/token?${query.toString()}`;
}

async function proof(
  identity: Exclude<AzureIdentity, { method: 'managed' }>,
): Promise<Record<string, string>> {
  if (identity.method === 'secret') return { client_secret: identity.secret };
  const assertion = await readPlatformToken(identity.tokenFile, 'AZURE_FEDERATED_TOKEN_FILE');
  return { client_assertion_type: ASSERTION_TYPE, client_assertion: assertion };
}
