import { differingSecrets, usedVersions } from '@aegis/database';
import { ConfigurationError } from '@aegis/errors';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Peppers } from './peppers';

/** Holds a process to the peppers that the database's API keys were hashed with. */
@Injectable()
export class PepperChecks implements OnModuleInit {
  constructor(
    private readonly dataSource: DataSource,
    private readonly peppers: Peppers,
  ) {}

  /** @throws ConfigurationError that names each version whose secret is another one than on record, never a secret */
  async onModuleInit(): Promise<void> {
    const wrong = await differingSecrets(this.dataSource, 'pepper_checks', this.peppers.checkValues());
    if (wrong.length === 0) return;
    throw new ConfigurationError(
      `API_KEY_PEPPERS: the secret given for ${wrong.join(', ')} is not the one that this database knows under that version: every API key under it would be refused. Give the right secret. If it is lost, give the new secret a version that was never used, and make new API keys.`,
    );
  }

  /** Versions that were used, some thousand at most: none of them is given to another secret. */
  versions(): Promise<string[]> {
    return usedVersions(this.dataSource, 'pepper_checks');
  }
}
