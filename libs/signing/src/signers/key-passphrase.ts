import type { Environment } from '@aegis/config';
import { type AzureIdentity, unwrapPassphrase } from './azure-passphrase';

/** Gives the passphrase of the key files: as it is set, or unwrapped by Azure Key Vault. */
export function keyPassphrase(environment: Environment): Promise<string | undefined> {
  const { KEY_PASSPHRASE: passphrase, KEY_PASSPHRASE_WRAPPED: wrapped } = environment;
  const { AZURE_KEY_VAULT_KEY: keyUrl } = environment;
  if (wrapped === undefined || keyUrl === undefined) return Promise.resolve(passphrase);
  return unwrapPassphrase({ keyUrl, wrapped, identity: azureIdentity(environment) });
}

function azureIdentity(environment: Environment): AzureIdentity {
  const {
    AZURE_TENANT_ID: tenant = '',
    AZURE_CLIENT_ID: client,
    AZURE_CLIENT_SECRET: secret,
    AZURE_FEDERATED_TOKEN_FILE: tokenFile,
  } = environment;
  // AKS sets it with a slash behind it.
  const authority = new URL(environment.AZURE_AUTHORITY_HOST).origin;
  if (client !== undefined && secret !== undefined)
    return { method: 'secret', authority, tenant, client, secret };
  if (client !== undefined && tokenFile !== undefined)
    return { method: 'workload', authority, tenant, client, tokenFile };
  return { method: 'managed', client };
}
