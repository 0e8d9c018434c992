import type { Variables } from './sources/setting-sources';

/** Flags in NODE_OPTIONS that undo what production promises, and what they do. */
const FLAGS: readonly [flag: RegExp, effect: string][] = [
  [/^--insecure-http-parser$/, 'requests are taken that proxies read in another way'],
  [/^--inspect(-brk|-wait)?(=|$)/, 'anyone who reaches its port runs code'],
  [/^--tls-min-v1\.[01]$/, 'broken versions of TLS are spoken'],
];

/**
 * What the environment tells Node itself that undoes what production demands of settings: no URL shows it.
 * @param variables of the process; Node does not read them from `.env`
 * @returns one line a refusal, each naming the variable and what to do
 */
export function runtimeProblems({ NODE_TLS_REJECT_UNAUTHORIZED, NODE_OPTIONS = '' }: Variables): string[] {
  const problems: string[] = [];
  if (NODE_TLS_REJECT_UNAUTHORIZED === '0')
    problems.push(
      'NODE_TLS_REJECT_UNAUTHORIZED: remove it: with 0 no certificate is verified, neither of the database nor of Redis, a signer or a webhook. NODE_EXTRA_CA_CERTS adds a CA of your own',
    );
  for (const option of NODE_OPTIONS.replaceAll('"', '').split(/\s+/)) {
    // Node takes underscores for hyphens.
    const [, effect] = FLAGS.find(([flag]) => flag.test(option.replaceAll('_', '-'))) ?? [];
    if (effect !== undefined)
      problems.push(`NODE_OPTIONS: remove ${option.replace(/=.*/, '')}: with it ${effect}`);
  }
  return problems;
}
