import { type Environment, readSignerKeys, readTransitKeys } from '@aegis/config';
import type { Logger } from '@aegis/logging';
import type { Metrics } from '@aegis/metrics';
import { MeasuredSource } from './measured-source';
import { PemSource } from './pem-source';
import type { SignerSource } from './signer-source';
import { AwsKmsSource } from './aws-kms-source';
import { keyPassphrase } from './key-passphrase';
import { loadPkcs11 } from './pkcs11/pkcs11-module';
import { Pkcs11Source } from './pkcs11/pkcs11-source';
import { SignerGuard } from './signer-guard';
import { SignerMetrics } from './signer-metrics';
import { type VaultLogin, VaultSession } from './vault-session';
import { VaultSource } from './vault-source';

/** At the start connections, logins and lazily loaded code take longer than a signature afterwards. */
const OPEN_TIMEOUT_MS = 5000;

/**
 * Gives the source of signers that SIGNER names. What a source needs beyond Node is loaded only when it is chosen.
 * @throws ConfigurationError when that is not installed
 */
export function signerSource(environment: Environment, logger: Logger, metrics: Metrics): SignerSource {
  const measured = new SignerMetrics(metrics);
  const guard = (): SignerGuard =>
    new SignerGuard({ timeoutMs: environment.SIGNER_TIMEOUT_MS, logger, metrics: measured });
  const openTimeoutMs = OPEN_TIMEOUT_MS;
  switch (environment.SIGNER) {
    case 'pem':
      return new MeasuredSource(
        new PemSource(environment.KEYS_DIR, () => keyPassphrase(environment)),
        measured,
      );
    case 'vault':
      return new VaultSource({
        session: new VaultSession(
          { url: new URL(required(environment.VAULT_ADDR)).origin, namespace: environment.VAULT_NAMESPACE },
          vaultLogin(environment),
        ),
        mount: environment.VAULT_TRANSIT_MOUNT,
        keys: readTransitKeys(environment.VAULT_KEYS ?? []),
        guard: guard(),
        openTimeoutMs,
      });
    case 'aws-kms':
      return new AwsKmsSource({
        region: required(environment.AWS_REGION),
        endpoint: environment.AWS_KMS_ENDPOINT,
        keys: readSignerKeys(environment.AWS_KMS_KEYS ?? []),
        guard: guard(),
        openTimeoutMs,
      });
    case 'pkcs11':
      return new Pkcs11Source(loadPkcs11(required(environment.PKCS11_MODULE)), {
        token: required(environment.PKCS11_TOKEN),
        pin: required(environment.PKCS11_PIN),
        size: environment.PKCS11_SESSIONS,
        guard: guard(),
        openTimeoutMs,
      });
  }
}

function vaultLogin(environment: Environment): VaultLogin {
  const { VAULT_AUTH: method, VAULT_AUTH_MOUNT: mount = method } = environment;
  switch (method) {
    case 'token':
      return { method, token: required(environment.VAULT_TOKEN) };
    case 'approle':
      return {
        method,
        mount,
        roleId: required(environment.VAULT_ROLE_ID),
        secretId: required(environment.VAULT_SECRET_ID),
      };
    case 'kubernetes':
      return { method, mount, role: required(environment.VAULT_ROLE), jwtFile: environment.VAULT_JWT_FILE };
  }
}

/** Settings were validated: what the chosen signer needs is there. */
function required(value: string | undefined): string {
  if (value === undefined) throw new Error('A setting of the chosen signer is missing.');
  return value;
}
