import { ApiKeysService } from '@aegis/api-keys';
import { type Environment, PRODUCT_NAME, PRODUCT_VERSION } from '@aegis/config';
import {
  assertApplicationRoleIsApart,
  assertSessionSettings,
  openDatabase,
  warnOfSessionDefaults,
} from '@aegis/database';
import type { Logger } from '@aegis/logging';
import { Metrics, type MetricsServer, serveMetrics } from '@aegis/metrics';
import {
  assertEveryBodyIsBounded,
  assertEveryRouteDeclaresAccess,
  createHttpApp,
  HeldRequests,
  traceHandlers,
} from '@aegis/http';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { AddressInfo } from 'node:net';
import { DataSource } from 'typeorm';
import { ownerSetting, settleMigrations } from '../../../migrations/settle';
import { AppModule } from './app.module';
import { databaseProblem } from './database-problem';
import { Lifecycle } from './lifecycle';
import { assertPortsDiffer, listenProblem } from './listen-problem';
import { countLostLogLines } from './lost-log-lines';
import { ServedDocument } from './openapi/served-document';
import { stopServer } from './stop';

/** A server that listens. */
export interface RunningServer {
  /** Base URL on this machine, e.g. `http://127.0.0.1:8000`. */
  url: string;
  /** Base URL of the metrics' own port. */
  metricsUrl: string;
  /** The secret of the first admin key, if this start made it; shown to nobody but the newcomer who started it. */
  firstAdminKey: string | null;
  /** Turns readiness to no, lets requests in flight finish, closes the pool and the embedded database. */
  stop(): Promise<void>;
}

/**
 * Brings the server up: database, migrations, key ring, first admin key, listening socket.
 * @param announce called with what a newcomer must see before readiness turns to yes
 * @throws ConfigurationError when it can't start as it is set up; nothing is left running
 */
export async function startServer(
  environment: Environment,
  logger: Logger,
  announce: (server: { url: string; firstAdminKey: string | null }) => void = () => undefined,
): Promise<RunningServer> {
  const database = await openDatabase(environment, (message) => {
    logger.write('info', message);
  });
  let app: NestExpressApplication | undefined;
  let metrics: MetricsServer | undefined;
  let databaseSetting: string = environment.MIGRATE_ON_START ? ownerSetting(environment) : 'DATABASE_URL';
  try {
    await settleMigrations(environment, database, logger);
    databaseSetting = 'DATABASE_URL';
    app = await createHttpApp(AppModule.for(environment, logger, database.applicationUrl));
    assertEveryRouteDeclaresAccess(app);
    assertEveryBodyIsBounded(app);
    app.get(ServedDocument).describe(app);
    if (environment.isProduction) {
      await assertApplicationRoleIsApart(app.get(DataSource));
      await assertSessionSettings(app.get(DataSource));
    }
    await warnOfSessionDefaults(app.get(DataSource), logger);
    countLostLogLines(app.get(Metrics, { strict: false }), logger);
    metrics = await listenForScrapes(app, environment);
    traceHandlers(app);
    await app.init();
    const url = await listen(app, environment);
    // Only now: a key made by a start that then fails would never be shown, nor made again.
    const firstAdminKey = environment.isProduction
      ? null
      : await app.get(ApiKeysService).createFirstAdminKey();
    announce({ url, firstAdminKey });
    app.get(Lifecycle).serve();
    logger.write('info', `${PRODUCT_NAME} ${PRODUCT_VERSION} listens`, {
      url,
      metrics_url: metrics.url,
      environment: environment.ENVIRONMENT,
    });
    const acceptsMs = environment.SHUTDOWN_DRAIN_SECONDS * 1000;
    const held = app.get(HeldRequests, { strict: false });
    const parts = { app, lifecycle: app.get(Lifecycle), held, database, metrics, logger };
    let stopping: Promise<void> | undefined;
    const stop = (): Promise<void> => (stopping ??= stopServer(parts, acceptsMs));
    return { url, metricsUrl: metrics.url, firstAdminKey, stop };
  } catch (error) {
    await app?.close();
    await database.release();
    await metrics?.close();
    throw databaseProblem(error, databaseSetting);
  }
}

async function listen(app: NestExpressApplication, environment: Environment): Promise<string> {
  try {
    await app.listen(environment.PORT, environment.HOST);
  } catch (error) {
    throw listenProblem(error, 'PORT', environment);
  }
  const { address, port, family } = app.getHttpServer().address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

async function listenForScrapes(
  app: NestExpressApplication,
  environment: Environment,
): Promise<MetricsServer> {
  const { HOST: host, METRICS_PORT: port } = environment;
  assertPortsDiffer(environment);
  return serveMetrics(app.get(Metrics, { strict: false }), { host, port }).catch((error: unknown) => {
    throw listenProblem(error, 'METRICS_PORT', environment);
  });
}
