import type { LoggerService } from '@nestjs/common';
import { createLogger } from 'winston';
import { lineFormat } from './line-format';
import { LineTransport } from './line-transport';
import { redactText } from './redact-text';
import { redact } from './redaction';
import { currentRequest } from './request-context';

/** Facts of a log line, by name; credentials and personal values are masked on the way out. */
export type LogFields = Readonly<Record<string, unknown>>;
export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

export interface LoggerOptions {
  level: LogLevel;
  /** `text` for people, `json` for log shippers (one object a line). */
  format: 'text' | 'json';
  /** Where lines go; standard output unless given. */
  stream?: NodeJS.WritableStream;
}

/** The one logger of a process; also what Nest logs through. */
export class Logger implements LoggerService {
  private readonly winston;
  private readonly lines: LineTransport;

  constructor(options: LoggerOptions) {
    const stream = options.stream ?? process.stdout;
    // A full disk or a closed pipe behind the log must not end the server.
    stream.on('error', () => undefined);
    this.lines = new LineTransport(stream);
    this.winston = createLogger({
      level: options.level,
      format: lineFormat(options.format),
      transports: [this.lines],
      exitOnError: false,
    });
    this.winston.on('error', () => undefined);
  }

  /** How many lines could not be written since the start. */
  get lostLines(): number {
    return this.lines.lost;
  }

  get level(): LogLevel {
    return this.winston.level as LogLevel;
  }

  /** Takes effect from the next line on. */
  set level(level: LogLevel) {
    this.winston.level = level;
  }

  /** Writes one line, with the request's id where one is served. */
  write(level: LogLevel, message: string, fields: LogFields = {}): void {
    if (!this.winston.isLevelEnabled(level)) return;
    const request = currentRequest();
    this.winston.log(level, redactText(message), {
      ...(request && { request_id: request.requestId, trace_id: request.traceId }),
      ...(typeof request?.spanId === 'string' && { span_id: request.spanId }),
      ...(redact(fields) as LogFields),
    });
  }

  error(message: unknown, ...context: unknown[]): void {
    this.write('error', String(message), nestFields(context));
  }

  warn(message: unknown, ...context: unknown[]): void {
    this.write('warn', String(message), nestFields(context));
  }

  log(message: unknown, ...context: unknown[]): void {
    this.write('info', String(message), nestFields(context));
  }

  debug(message: unknown, ...context: unknown[]): void {
    this.write('debug', String(message), nestFields(context));
  }

  verbose(message: unknown, ...context: unknown[]): void {
    this.write('debug', String(message), nestFields(context));
  }
}

/** Nest hands a stack and the name of the writing class as bare strings. */
function nestFields(context: unknown[]): LogFields {
  const first = context[0];
  if (first instanceof Error) return { error: first };
  if (typeof first === 'object' && first !== null) return first as LogFields;
  const text = context.filter((entry) => typeof entry === 'string');
  return text.length === 0 ? {} : { context: text.join(' ') };
}
