import { ApiKeysModule, PepperChecks, PepperUse, type UseOfPepper } from '@aegis/api-keys';
import { Environment, type Pepper, readPeppers } from '@aegis/config';
import { randomBytes } from 'node:crypto';
import { ExitCode } from '../terminal/exit-code';
import type { Output } from '../terminal/output';
import { writeSecretFile } from './secret-file';
import { withServices } from '../services';

const PEPPER_BYTES = 48;

/** The state of a rotation of peppers: what to do next. */
export type PepperStep = 'add' | 'promote' | 'wait' | 'drop';

const NEXT: Readonly<Record<PepperStep, string>> = {
  add: 'The new pepper is placed after the current one. Roll this value out to every process; then run this again.',
  promote:
    'The new pepper is in front. Roll this value out to every process; keys are moved to it as they are used.',
  wait: 'An older pepper is still needed: `aegis api-keys peppers` lists what depends on it. Run this again once that command exits with 0.',
  drop: 'The older peppers are removed. Roll this value out to every process: the rotation is done.',
};

/**
 * The next step, by the peppers of this process and what depends on them.
 * @param peppers the current one first
 */
export function nextPepperStep(peppers: readonly Pepper[], uses: readonly UseOfPepper[]): PepperStep {
  const [current, ...others] = peppers;
  if (!current || others.length === 0) return 'add';
  if (others.some((other) => numberOf(other) > numberOf(current))) return 'promote';
  const needed = uses.some(
    ({ state, keys, graces, remembered_answers }) =>
      state === 'known' && keys + graces + remembered_answers > 0,
  );
  return needed ? 'wait' : 'drop';
}

/**
 * `aegis rotate-secrets peppers`: no while an older pepper is still needed.
 * @param path of the new file that the next value of API_KEY_PEPPERS is written to
 */
export function rotatePeppers(output: Output, path: string): Promise<ExitCode> {
  return withServices(['API_KEY_PEPPERS'], [ApiKeysModule], 'reads', async (services) => {
    const peppers = readPeppers(services.get(Environment).API_KEY_PEPPERS);
    const uses = await services.get(PepperUse).byPepper();
    const step = nextPepperStep(peppers, uses);
    const after =
      step === 'wait'
        ? peppers
        : peppersAfter(step, peppers, [
            ...uses,
            ...(await services.get(PepperChecks).versions()).map((version) => ({ version })),
          ]);
    if (step !== 'wait')
      await writeSecretFile(path, after.map(({ version, secret }) => `${version}:${secret}`).join(','));
    const file = step === 'wait' ? null : path;
    output.end(
      { step, versions: after.map(({ version }) => version), file, next: NEXT[step] },
      `${NEXT[step]}${file === null ? '' : `\nAPI_KEY_PEPPERS (or API_KEY_PEPPERS_FILE): ${file}`}`,
    );
    return step === 'wait' ? ExitCode.no : ExitCode.yes;
  });
}

function peppersAfter(
  step: Exclude<PepperStep, 'wait'>,
  peppers: readonly Pepper[],
  used: readonly { version: string }[],
): Pepper[] {
  const newest = peppers.toSorted((a, b) => numberOf(b) - numberOf(a))[0];
  switch (step) {
    case 'add': {
      // A version that was used once, even in a rotation that was given up, is never used for another secret. The
      // versions on record may be any text, so only the versions in use say where to begin.
      const taken = new Set(used.map(({ version }) => version));
      let number = Math.max(0, ...peppers.map(numberOf)) + 1;
      while (taken.has(`v${number}`)) number += 1;
      return [...peppers, { version: `v${number}`, secret: randomBytes(PEPPER_BYTES).toString('base64url') }];
    }
    case 'promote':
      return newest ? [newest, ...peppers.filter((pepper) => pepper !== newest)] : [];
    case 'drop':
      return peppers.slice(0, 1);
  }
}

function numberOf({ version }: { version: string }): number {
  return Number(version.slice(1));
}
