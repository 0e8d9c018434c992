import { type Environment, PRODUCT_VERSION } from '@aegis/config';
import type { Logger } from '@aegis/logging';
import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { setTimeout as pause } from 'node:timers/promises';
import { enableTracing } from '../switch';
import { TRACES_STOP_MS, type Tracing } from '../tracing';
import { collectorExporter } from './collector';
import { resourceOf } from './resource';
import { samplerOf } from './sampler';

/** Starts OpenTelemetry's SDK, with nothing read from `process.env`: all of it is in `environment`. */
export function startSdk(environment: Environment, logger: Logger): Tracing {
  const provider = new TracerProvider({
    resource: resourceOf(environment, PRODUCT_VERSION),
    sampler: samplerOf(environment),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: collectorExporter(environment, logger),
        scheduledDelayMillis: environment.OTEL_BSP_SCHEDULE_DELAY,
        exportTimeoutMillis: environment.OTEL_BSP_EXPORT_TIMEOUT,
        maxQueueSize: environment.OTEL_BSP_MAX_QUEUE_SIZE,
        maxExportBatchSize: environment.OTEL_BSP_MAX_EXPORT_BATCH_SIZE,
      }),
    ],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  if (environment.OTEL_PROPAGATORS.includes('tracecontext'))
    propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
  registerInstrumentations({
    instrumentations: [
      new PgInstrumentation({
        // Background work is in no trace: each of its statements would be one.
        requireParentSpan: true,
        ignoreConnectSpans: true,
        // Parameters of statements.
        enhancedDatabaseReporting: false,
      }),
    ],
  });
  enableTracing();
  return {
    async stop() {
      // What fails is logged by the exporter.
      const flushed = provider.shutdown().catch(() => undefined);
      await Promise.race([flushed, pause(TRACES_STOP_MS, undefined, { ref: false })]);
    },
  };
}
