import { readTrustedFileSync, READABLE, UnsafeFile } from '@aegis/secret-files';
import { X509Certificate } from 'node:crypto';
import type { Environment } from '../environment';
import { isLoopback } from '../urls/loopback';

type Name = keyof Environment;

/**
 * What settings of traces demand of each other, in development as well; nothing where traces are off.
 * @param isSound whether a setting is set and keeps the rules on its value
 * @returns one line a refusal, each naming the variable
 */
export function tracingProblems(environment: Environment, isSound: (name: Name) => boolean): string[] {
  if (!environment.exportsTraces) return [];
  return [
    ...protocolProblems(environment, isSound),
    ...headerProblems(environment, isSound),
    ...certificateProblems(environment, isSound),
    ...(isSound('OTEL_BSP_MAX_EXPORT_BATCH_SIZE') &&
    environment.OTEL_BSP_MAX_EXPORT_BATCH_SIZE > environment.OTEL_BSP_MAX_QUEUE_SIZE
      ? ['OTEL_BSP_MAX_EXPORT_BATCH_SIZE: must not be greater than OTEL_BSP_MAX_QUEUE_SIZE']
      : []),
  ];
}

function protocolProblems(environment: Environment, isSound: (name: Name) => boolean): string[] {
  const name = isSound('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL')
    ? 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'
    : 'OTEL_EXPORTER_OTLP_PROTOCOL';
  if (!isSound(name) || environment[name] === 'http/protobuf') return [];
  return [
    `${name}: traces are sent as http/protobuf only; collectors take it on port 4318 (OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/protobuf leaves other programs as they are)`,
  ];
}

/** Headers are mostly credentials of a service. */
function headerProblems(environment: Environment, isSound: (name: Name) => boolean): string[] {
  const sendsHeaders = isSound('OTEL_EXPORTER_OTLP_HEADERS') || isSound('OTEL_EXPORTER_OTLP_TRACES_HEADERS');
  const name = isSound('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT')
    ? 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'
    : 'OTEL_EXPORTER_OTLP_ENDPOINT';
  const value = environment[name];
  if (!environment.isProduction || !sendsHeaders || value === undefined || !isSound(name)) return [];
  const url = new URL(value);
  if (url.protocol === 'https:' || isLoopback(url.hostname)) return [];
  return [`${name}: use https: the headers that are sent there are secrets`];
}

function certificateProblems(environment: Environment, isSound: (name: Name) => boolean): string[] {
  const { OTEL_EXPORTER_OTLP_CERTIFICATE: path } = environment;
  if (path === undefined || !isSound('OTEL_EXPORTER_OTLP_CERTIFICATE')) return [];
  try {
    new X509Certificate(readTrustedFileSync(path, READABLE));
    return [];
  } catch (error) {
    const { syscall, code = 'unknown reason' } = error as NodeJS.ErrnoException;
    const why =
      error instanceof UnsafeFile
        ? error.message
        : syscall === undefined
          ? 'does not contain a PEM certificate'
          : `can't be read (${code})`;
    return [`OTEL_EXPORTER_OTLP_CERTIFICATE: ${path} ${why}`];
  }
}
