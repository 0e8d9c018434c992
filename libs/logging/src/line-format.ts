import { jsonLine, escapeControls } from '@aegis/json';
import { format } from 'winston';
import type { Format } from 'logform';

/** Where winston keeps the finished line. */
export const MESSAGE = Symbol.for('message');
const BARE_VALUE = /^[\w.:/@+,[\]-]+$/;

function fact([name, value]: [string, unknown]): string {
  const bare = typeof value === 'string' && BARE_VALUE.test(value);
  return escapeControls(`${name}=${bare ? value : JSON.stringify(value)}`);
}

/** Takes the stack of an error, and those of its causes, out of it: they get lines of their own. */
function withoutStacks(value: unknown, stacks: string[]): unknown {
  if (typeof value !== 'object' || value === null || !('stack' in value)) return value;
  const { stack, cause, ...rest } = value as { stack: unknown; cause?: unknown };
  stacks.push(String(stack));
  return cause === undefined ? rest : { ...rest, cause: withoutStacks(cause, stacks) };
}

const asText = format.printf(({ timestamp, level, message, ...fields }) => {
  const stacks: string[] = [];
  const facts = Object.entries(fields).map(([name, value]) => fact([name, withoutStacks(value, stacks)]));
  const line = [String(timestamp), level.padEnd(5), escapeControls(String(message)), ...facts].join(' ');
  // Indented: only a line's own time is at its beginning.
  const frames = stacks
    .flatMap((stack) => stack.split('\n'))
    .map((frame) => `\n    ${escapeControls(frame)}`);
  return line + frames.join('');
});

/** What comes here was made plain by `redact`. */
const asJson = format((info) => {
  info[MESSAGE] = jsonLine({ ...info, timestamp: new Date().toISOString() });
  return info;
});

/**
 * How a log line is written: nothing in it can begin another line.
 * @param kind `text` for people, `json` for log shippers (one object a line)
 */
export function lineFormat(kind: 'text' | 'json'): Format {
  return kind === 'json' ? asJson() : format.combine(format.timestamp(), asText);
}
