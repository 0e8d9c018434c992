import { differingSecrets, usedVersions } from '@aegis/database';
import { ConfigurationError } from '@aegis/errors';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { SecretsKeys } from './secrets-keys';

/** Holds a process to the SECRETS_KEY that the keys of the database's webhooks are encrypted with. */
@Injectable()
export class SecretsKeyChecks implements OnModuleInit {
  constructor(
    private readonly dataSource: DataSource,
    private readonly secretsKeys: SecretsKeys,
  ) {}

  /** @throws ConfigurationError that names each version whose secret is another one than on record, never a secret */
  async onModuleInit(): Promise<void> {
    const given = this.secretsKeys.checkValues();
    if (given.length === 0) return;
    const wrong = await differingSecrets(this.dataSource, 'secrets_key_checks', given);
    if (wrong.length === 0) return;
    throw new ConfigurationError(
      `SECRETS_KEY: the secret given for ${wrong.join(', ')} is not the one that this database knows under that version: webhooks whose keys are encrypted with it could not be signed. Give the right secret. If it is lost, give the new secret a version that was never used, and rotate the secret of each webhook.`,
    );
  }

  /** Versions that were used, some thousand at most: none of them is given to another secret. */
  versions(): Promise<string[]> {
    return usedVersions(this.dataSource, 'secrets_key_checks');
  }
}
