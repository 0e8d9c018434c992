import { type Environment, readAttributes } from '@aegis/config';
import type { Logger } from '@aegis/logging';
import { ExportResultCode } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import { readFileSync } from 'node:fs';
import { exportedSpan } from './exported-span';

type Options = NonNullable<ConstructorParameters<typeof OTLPTraceExporter>[0]>;

const STANDARD_ENDPOINT = 'http://localhost:4318';

/**
 * Sends spans to the collector, without what must not leave the process. Says once that it can't, and once that it can
 * again.
 */
export function collectorExporter(environment: Environment, logger: Logger): SpanExporter {
  const exporter = new OTLPTraceExporter({
    url: tracesUrl(environment),
    headers: {
      ...readAttributes(environment.OTEL_EXPORTER_OTLP_HEADERS ?? ''),
      ...readAttributes(environment.OTEL_EXPORTER_OTLP_TRACES_HEADERS ?? ''),
    },
    timeoutMillis: environment.OTEL_EXPORTER_OTLP_TIMEOUT,
    // An enum of a package that is not ours: its values are those of the setting.
    compression: environment.OTEL_EXPORTER_OTLP_COMPRESSION as unknown as Options['compression'],
    httpAgentOptions: {
      keepAlive: true,
      ...(environment.OTEL_EXPORTER_OTLP_CERTIFICATE !== undefined && {
        ca: readFileSync(environment.OTEL_EXPORTER_OTLP_CERTIFICATE),
      }),
    },
  });
  let isFailing = false;
  return {
    export(spans, done) {
      exporter.export(spans.map(exportedSpan), (result) => {
        const failed = result.code !== ExportResultCode.SUCCESS;
        if (failed && !isFailing)
          logger.write('warn', 'traces cannot be delivered: spans are dropped, requests continue', {
            error_code: codeOf(result.error),
          });
        if (!failed && isFailing) logger.write('info', 'over: traces cannot be delivered');
        isFailing = failed;
        done(result);
      });
    },
    forceFlush: () => exporter.forceFlush(),
    shutdown: () => exporter.shutdown(),
  };
}

/** As the standard says: the path is added to the endpoint of all signals, not to that of traces. */
function tracesUrl({
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: own,
  OTEL_EXPORTER_OTLP_ENDPOINT: base = STANDARD_ENDPOINT,
}: Environment): string {
  return own ?? `${base.replace(/\/$/, '')}/v1/traces`;
}

/** Its code (a status, or Node's), never its message: that quotes what the collector answered. */
function codeOf(error: Error | undefined): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' || typeof code === 'number' ? String(code) : (error?.name ?? 'unknown');
}
