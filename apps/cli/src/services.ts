import { AuditModule, AuditPartitions } from '@aegis/audit';
import { ConfigModule, type Environment } from '@aegis/config';
import { DatabaseModule } from '@aegis/database';
import { JobsModule } from '@aegis/jobs';
import { type Logger, LoggingModule } from '@aegis/logging';
import {
  type DynamicModule,
  type INestApplicationContext,
  Module,
  type ModuleMetadata,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DataSource } from 'typeorm';
import { assertMigrated, settleMigrations } from '../../../migrations/settle';
import type { CommandAccess } from './database/command-access';
import { withDatabase } from './database/database';
import { assertSecretsExist, type SettingName, withSettings } from './settings';

type Modules = NonNullable<ModuleMetadata['imports']>;

/** The services of one command. */
@Module({})
class CommandModule {
  /** @param connected called with the pool: if a later step of the start fails, Nest leaves it open */
  static for(
    environment: Environment,
    logger: Logger,
    databaseUrl: string,
    modules: Modules,
    access: CommandAccess,
    connected: (pool: DataSource) => void,
  ): DynamicModule {
    return {
      module: CommandModule,
      imports: [
        ConfigModule.for(environment),
        LoggingModule.for(logger),
        DatabaseModule.for(databaseUrl),
        AuditModule,
        JobsModule,
        ...modules,
      ],
      providers: [
        // If no server runs, a new month may have no partition yet.
        ...(access === 'reads' ? [] : [AuditPartitions]),
        { provide: 'connected', inject: [DataSource], useFactory: connected },
      ],
    };
  }
}

/**
 * Runs a command with services of the libs, on a database whose migrations are settled as at the server's start.
 * @param uses settings that production must have set for this command, besides the database's
 * @param modules modules of the services
 * @param access what the command does to the database
 */
export function withServices<T>(
  uses: readonly SettingName[],
  modules: Modules,
  access: CommandAccess,
  work: (services: INestApplicationContext) => Promise<T>,
): Promise<T> {
  const run = (environment: Environment, logger: Logger): Promise<T> =>
    withDatabase(environment, logger, access, async (database) => {
      if (access === 'reads') await assertMigrated(database);
      else await settleMigrations(environment, database, logger);
      assertSecretsExist(environment, uses);
      let pool: DataSource | undefined;
      try {
        const services = await NestFactory.createApplicationContext(
          CommandModule.for(environment, logger, database.applicationUrl, modules, access, (connected) => {
            pool = connected;
          }),
          { logger: false, abortOnError: false },
        );
        // Jobs write what waits when the services are closed, also after work that failed.
        const answer = await work(services).catch(async (error: unknown) => {
          await services.close().catch((closing: unknown) => {
            logger.write('warn', 'the services could not be closed', { error: closing });
          });
          throw error;
        });
        await services.close();
        return answer;
      } finally {
        if (pool?.isInitialized) await pool.destroy();
      }
    });
  return withSettings(['DATABASE_URL', 'MIGRATION_DATABASE_URL', ...uses], run, {
    makesSecrets: access === 'makes',
  });
}
