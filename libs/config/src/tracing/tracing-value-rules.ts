import { isServiceUrl, rule } from '../rules';
import { readAttributes } from './tracing-values';

/** An http(s) URL with any path. */
export const IsCollectorUrl = (): PropertyDecorator =>
  rule('isCollectorUrl', 'must be an http(s) URL without credentials, query or fragment', (value) =>
    isServiceUrl(value, /^\//),
  );

/** `name=value,name=value`. */
export const AreAttributes = (): PropertyDecorator =>
  rule(
    'areAttributes',
    'must be a list like name=value,name=value, names all different, values percent-encoded, 8192 characters at most',
    (value) => typeof value === 'string' && readAttributes(value) !== undefined,
  );

/** A share, as text: `0.05`. */
export const IsRatio = (): PropertyDecorator =>
  rule(
    'isRatio',
    'must be a number from 0 to 1, like 0.05',
    (value) => /^([0-9]|[0-9]?\.[0-9]{1,15})$/.test(String(value)) && Number(value) <= 1,
  );
