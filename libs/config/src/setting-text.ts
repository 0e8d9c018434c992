import { whyUnreadable } from '@aegis/secret-files';
import { canonicalPostgresUrl } from './urls/postgres-url';
import type { SettingSpec } from './setting';
import { readSecretFile } from './sources/secret-file';
import type { Variables } from './sources/setting-sources';

/**
 * Text of a variable, or of the file that `<NAME>_FILE` names; undefined when neither is set or it is empty.
 * @param problems gets what was given wrongly
 */
export function settingText(
  name: string,
  spec: SettingSpec,
  variables: Variables,
  problems: string[],
): string | undefined {
  const direct = variables[name] === '' ? undefined : variables[name];
  const file = spec.secret ? variables[`${name}_FILE`] : undefined;
  if (file === undefined || file === '') return direct;
  if (direct !== undefined) {
    problems.push(`${name}: set it or ${name}_FILE, not both`);
    return undefined;
  }
  try {
    const read = readSecretFile(file, name);
    if (typeof read === 'string') return read;
    problems.push(`${name}_FILE, line ${read.line}: ${read.rule}`);
    return undefined;
  } catch (error) {
    problems.push(`${name}_FILE: ${whyUnreadable(error)}`);
    return undefined;
  }
}

/** The value that a text stands for, by the setting's kind; the text itself where it is not such a value. */
export function parseSettingText(text: string, spec: SettingSpec): unknown {
  switch (spec.kind) {
    case 'text':
    case 'url':
      return text;
    case 'postgres-url':
      return canonicalPostgresUrl(text);
    case 'postgres-urls':
      return text.split(',').map(canonicalPostgresUrl);
    case 'integer':
      return /^-?[0-9]{1,15}$/.test(text) ? Number(text) : text;
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : text;
    case 'list':
      return text
        .split(',')
        .map((entry) => entry.trim())
        .filter((entry) => entry !== '');
  }
}

/** Text of the default, or undefined when the setting has no default, or its value is made. */
export function defaultOf(spec: SettingSpec, production: boolean): string | undefined {
  const text = production ? (spec.productionDefault ?? spec.default) : spec.default;
  return text?.startsWith('(') ? undefined : text;
}
