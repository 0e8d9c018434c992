import { IsIn, IsOptional, Matches } from 'class-validator';
import {
  AreSignerKeys,
  AreTransitKeys,
  HasLength,
  IsKeyVaultKey,
  IsServiceUrl,
  IsWholeNumber,
} from '../rules';
import { Setting } from '../setting';
import { TracingSettings } from '../tracing/tracing-settings';

const PATH = { message: 'must be parts of A-Z a-z 0-9 . _ - with / between them' };
const MOUNT = /^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/;

/** Settings of the signers other than an encrypted key file, and of Azure Key Vault, which keeps its passphrase. */
export abstract class SignerSettings extends TracingSettings {
  @Setting({
    kind: 'integer',
    default: '500',
    description: 'Longest time for one signature by a service or device, in milliseconds.',
  })
  @IsWholeNumber(50, 10_000)
  SIGNER_TIMEOUT_MS!: number;

  @Setting({
    kind: 'url',
    example: 'https://vault.example.com:8200',
    production: 'https unless loopback',
    description: 'Address of HashiCorp Vault or OpenBao. Required with SIGNER=vault.',
  })
  @IsOptional()
  @IsServiceUrl()
  VAULT_ADDR?: string;

  @Setting({ kind: 'text', example: 'licensing/eu', description: 'Namespace in Vault, if it has any.' })
  @IsOptional()
  @Matches(/^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*\/?$/, PATH)
  VAULT_NAMESPACE?: string;

  @Setting({ kind: 'text', default: 'token', description: 'How to log in: token, approle or kubernetes.' })
  @IsIn(['token', 'approle', 'kubernetes'], { message: 'must be token, approle or kubernetes' })
  VAULT_AUTH!: 'token' | 'approle' | 'kubernetes';

  @Setting({
    kind: 'text',
    example: 'approle',
    default: '(the name of the method)',
    description: 'Where that method is mounted in Vault.',
  })
  @IsOptional()
  @Matches(MOUNT, PATH)
  VAULT_AUTH_MOUNT?: string;

  @Setting({ kind: 'text', secret: true, description: 'Token of VAULT_AUTH=token.' })
  @IsOptional()
  @Matches(/^[\x21-\x7e]{1,4096}$/, { message: 'must be printable ASCII without space' })
  VAULT_TOKEN?: string;

  @Setting({
    kind: 'text',
    example: '9ad2f4c1-5b0e-4f57-8d3a-6b1f0c2e7a90',
    description: 'Role id of VAULT_AUTH=approle.',
  })
  @IsOptional()
  @HasLength(1, 255)
  VAULT_ROLE_ID?: string;

  @Setting({ kind: 'text', secret: true, description: 'Secret id of VAULT_AUTH=approle.' })
  @IsOptional()
  @HasLength(1, 4096)
  VAULT_SECRET_ID?: string;

  @Setting({ kind: 'text', example: 'aegis', description: 'Role of VAULT_AUTH=kubernetes.' })
  @IsOptional()
  @HasLength(1, 255)
  VAULT_ROLE?: string;

  @Setting({
    kind: 'text',
    default: '/var/run/secrets/kubernetes.io/serviceaccount/token',
    description: 'File of the service account token for VAULT_AUTH=kubernetes.',
  })
  @HasLength(1, 4096)
  VAULT_JWT_FILE!: string;

  @Setting({ kind: 'text', default: 'transit', description: 'Where the transit engine is mounted.' })
  @Matches(MOUNT, PATH)
  VAULT_TRANSIT_MOUNT!: string;

  @Setting({
    kind: 'list',
    example: 'aegis',
    description:
      'Transit keys, comma-separated: a name, whose version N signs under the kid <name>-vN, or <kid>=<name>:<version>. Required with SIGNER=vault.',
  })
  @IsOptional()
  @AreTransitKeys()
  VAULT_KEYS?: string[];

  @Setting({
    kind: 'text',
    example: 'eu-central-1',
    description: 'Region of AWS KMS. Required with SIGNER=aws-kms.',
  })
  @IsOptional()
  @Matches(/^[a-z0-9-]{3,40}$/, { message: 'must be the name of a region, like eu-central-1' })
  AWS_REGION?: string;

  @Setting({
    kind: 'list',
    example: 'aegis-2026-11=1234abcd-12ab-34cd-56ef-1234567890ab',
    description:
      'Keys of AWS KMS, comma-separated: <kid>=<key id or ARN>; an alias is refused, because it can be moved. Required with SIGNER=aws-kms.',
  })
  @IsOptional()
  @AreSignerKeys()
  AWS_KMS_KEYS?: string[];

  @Setting({
    kind: 'url',
    example: 'https://kms.example.com',
    default: "(the region's)",
    production: 'https unless loopback',
    description: 'Another address of AWS KMS, such as a VPC endpoint.',
  })
  @IsOptional()
  @IsServiceUrl()
  AWS_KMS_ENDPOINT?: string;

  @Setting({
    kind: 'text',
    example: '/usr/lib/softhsm/libsofthsm2.so',
    description: 'Shared library that speaks PKCS#11. Required with SIGNER=pkcs11.',
  })
  @IsOptional()
  @Matches(/^\/[^\0]{1,4095}$/, { message: 'must be the absolute path of a shared library' })
  PKCS11_MODULE?: string;

  @Setting({
    kind: 'text',
    example: 'aegis',
    description: 'Label of the token whose keys sign; a key’s label is its kid. Required with SIGNER=pkcs11.',
  })
  @IsOptional()
  @HasLength(1, 32)
  PKCS11_TOKEN?: string;

  @Setting({
    kind: 'text',
    secret: true,
    description: 'PIN of the user of the token. Required with SIGNER=pkcs11.',
  })
  @IsOptional()
  @HasLength(1, 255)
  PKCS11_PIN?: string;

  @Setting({
    kind: 'integer',
    default: '2',
    description:
      'Sessions with the token, which is the number of signatures at once. Each uses a thread of the pool that files and DNS also use (UV_THREADPOOL_SIZE, 4).',
  })
  @IsWholeNumber(1, 64)
  PKCS11_SESSIONS!: number;

  @Setting({
    kind: 'text',
    description: 'KEY_PASSPHRASE wrapped by AZURE_KEY_VAULT_KEY (RSA-OAEP-256), in base64; instead of it.',
  })
  @IsOptional()
  @Matches(/^[A-Za-z0-9+/_-]{300,2048}={0,2}$/, { message: 'must be base64 of what the RSA key wrapped' })
  KEY_PASSPHRASE_WRAPPED?: string;

  @Setting({
    kind: 'url',
    example: 'https://aegis.vault.azure.net/keys/aegis/0123456789abcdef0123456789abcdef',
    production: 'https unless loopback',
    description: 'RSA key that unwraps it: https://<vault>.vault.azure.net/keys/<name>/<version>.',
  })
  @IsOptional()
  @IsKeyVaultKey()
  AZURE_KEY_VAULT_KEY?: string;

  @Setting({
    kind: 'text',
    example: 'example.com',
    description: 'Tenant of the identity that asks Azure Key Vault.',
  })
  @IsOptional()
  @Matches(/^[A-Za-z0-9.-]{1,255}$/, { message: 'must be the id or domain of a tenant' })
  AZURE_TENANT_ID?: string;

  @Setting({
    kind: 'text',
    example: '00000000-0000-0000-0000-000000000000',
    description:
      'Client id of that identity; without a secret or token file, it names a user-assigned managed identity.',
  })
  @IsOptional()
  @Matches(/^[A-Za-z0-9-]{1,64}$/, { message: 'must be the id of an application' })
  AZURE_CLIENT_ID?: string;

  @Setting({ kind: 'text', secret: true, description: 'Client secret of that identity.' })
  @IsOptional()
  @HasLength(1, 4096)
  AZURE_CLIENT_SECRET?: string;

  @Setting({
    kind: 'text',
    example: '/var/run/secrets/azure/tokens/azure-identity-token',
    description:
      'File of the federated token that is used instead of a secret (workload identity; set by AKS).',
  })
  @IsOptional()
  @HasLength(1, 4096)
  AZURE_FEDERATED_TOKEN_FILE?: string;

  @Setting({
    kind: 'url',
    default: 'https://login.microsoftonline.com',
    production: 'https unless loopback',
    description: 'Where Azure gives tokens.',
  })
  @IsServiceUrl()
  AZURE_AUTHORITY_HOST!: string;
}
