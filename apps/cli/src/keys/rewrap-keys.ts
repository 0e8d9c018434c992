import { listPrivateKeys, rewrapPrivateKey } from '@aegis/signing';
import { ExitCode } from '../terminal/exit-code';
import type { Output } from '../terminal/output';
import { newPassphrase, presentPassphrase } from './passphrase';
import { withSettings } from '../settings';
import { UsageProblem } from '../terminal/usage-problem';

/**
 * `aegis keys rewrap`: encrypts private keys of KEYS_DIR with another passphrase. May be run again where it broke off.
 * @param kids every one in KEYS_DIR when empty
 */
export function rewrapKeys(output: Output, kids: readonly string[]): Promise<ExitCode> {
  return withSettings([], async (environment) => {
    const { KEYS_DIR: keysDir } = environment;
    const present = await listPrivateKeys(keysDir);
    const missing = kids.filter((kid) => !present.includes(kid));
    if (missing.length > 0)
      throw new UsageProblem(`KEYS_DIR does not contain the private key ${missing.join(', ')}.`);
    const from = await presentPassphrase(environment, 'KEY_PASSPHRASE');
    const to = await newPassphrase(environment, 'NEW_KEY_PASSPHRASE');
    const chosen = kids.length === 0 ? present : [...kids];
    for (const kid of chosen) {
      const rewrapped = await rewrapPrivateKey(keysDir, kid, from, to);
      output.entry(
        'keys',
        { kid, rewrapped },
        `${kid}  ${rewrapped ? 'has the new passphrase' : 'had it already'}`,
      );
    }
    output.end(
      { ...(chosen.length === 0 && { keys: [] }), total: chosen.length },
      `${chosen.length} private key(s). Running servers keep them in memory: set KEY_PASSPHRASE to the new one before the next restart.`,
    );
    return ExitCode.yes;
  });
}
