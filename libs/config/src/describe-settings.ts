import { PRODUCT_NAME } from './product';
import { settings, type SettingSpec } from './setting';

/** `dotenv` is the file `.env.example`, `markdown` the table in the docs. */
export type SettingsFormat = 'dotenv' | 'markdown';

/**
 * Describes every setting: name, default, what production demands, what it is for. After a build
 * `node -p "require('./dist/libs/config/src').describeSettings('dotenv')"` prints `.env.example`.
 * @returns text that ends without a line feed
 */
export function describeSettings(format: SettingsFormat): string {
  switch (format) {
    case 'dotenv':
      return [DOTENV_HEAD, ...[...settings()].map(dotenvEntry)].join('\n\n');
    case 'markdown':
      return [MARKDOWN_HEAD, ...[...settings()].map(markdownRow)].join('\n');
  }
}

const DOTENV_HEAD = `# Settings of ${PRODUCT_NAME}. Copy this file to .env in the working directory and uncomment what you change;
# variables of the process take precedence over the file. An empty value counts as unset. Put a value with a # into single quotes,
# and comments on lines of their own. A setting that is marked as a secret can come from a file: set NAME_FILE=/path
# instead of NAME=value.`;

const MARKDOWN_HEAD = `| variable | default | production | |
|---|---|---|---|`;

/** Text in brackets is not a value to write down, but says what happens without one. */
function isMadeUp(text: string | undefined): boolean {
  return text?.startsWith('(') === true;
}

function bare(text: string): string {
  return isMadeUp(text) ? text.slice(1, -1) : text;
}

function dotenvEntry([name, spec]: [string, SettingSpec]): string {
  const { default: value = '' } = spec;
  const facts = [
    isMadeUp(value) ? `Unset: ${value.slice(1, -1)}.` : undefined,
    spec.productionDefault === undefined
      ? undefined
      : `Default in production: ${bare(spec.productionDefault)}.`,
    spec.production === undefined ? undefined : `Production: ${spec.production}.`,
    spec.secret === true ? `Secret: or ${name}_FILE.` : undefined,
  ].filter((fact) => fact !== undefined);
  return [
    `# ${spec.description}`,
    ...(facts.length > 0 ? [`# ${facts.join(' ')}`] : []),
    `# ${name}=${isMadeUp(value) ? '' : value}`,
  ].join('\n');
}

function markdownRow([name, spec]: [string, SettingSpec]): string {
  const inProduction =
    spec.productionDefault === undefined
      ? ''
      : ` (production: ${isMadeUp(spec.productionDefault) ? bare(spec.productionDefault) : `\`${spec.productionDefault}\``})`;
  const value =
    spec.default === undefined
      ? '–'
      : isMadeUp(spec.default)
        ? spec.default.slice(1, -1)
        : `\`${spec.default}\``;
  const cells = [
    `\`${name}\`${spec.secret === true ? `, \`${name}_FILE\`` : ''}`,
    value + inProduction,
    spec.production ?? '',
    spec.description,
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
