import { ApiKeysModule, PepperChecks, PepperUse, type UseOfPepper } from '@aegis/api-keys';
import { Environment, readVersionedSecrets } from '@aegis/config';
import { ExitCode } from '../terminal/exit-code';
import type { Output } from '../terminal/output';
import { withServices } from '../services';
import { nextRotationStep, type RotationStep, secretsAfter, secretsText } from './rotation-steps';
import { writeSecretFile } from './secret-file';

const NEXT: Readonly<Record<RotationStep, string>> = {
  add: 'The new pepper is placed after the current one. Roll this value out to every process; then run this again.',
  promote:
    'The new pepper is in front. Roll this value out to every process; keys are moved to it as they are used.',
  wait: 'An older pepper is still needed: `aegis api-keys peppers` lists what depends on it. Run this again once that command exits with 0.',
  drop: 'The older peppers are removed. Roll this value out to every process: the rotation is done.',
};

/** Versions of known peppers that something depends on. */
export function neededPeppers(uses: readonly UseOfPepper[]): ReadonlySet<string> {
  return new Set(
    uses
      .filter(
        ({ state, keys, graces, remembered_answers }) =>
          state === 'known' && keys + graces + remembered_answers > 0,
      )
      .map(({ version }) => version),
  );
}

/**
 * `aegis rotate-secrets peppers`: no while an older pepper is still needed.
 * @param path of the new file that the next value of API_KEY_PEPPERS is written to
 */
export function rotatePeppers(output: Output, path: string): Promise<ExitCode> {
  return withServices(['API_KEY_PEPPERS'], [ApiKeysModule], 'reads', async (services) => {
    const peppers = readVersionedSecrets(services.get(Environment).API_KEY_PEPPERS);
    const uses = await services.get(PepperUse).byPepper();
    const step = nextRotationStep(peppers, neededPeppers(uses));
    const taken = [...uses.map(({ version }) => version), ...(await services.get(PepperChecks).versions())];
    const after = secretsAfter(step, peppers, new Set(taken));
    if (step !== 'wait') await writeSecretFile(path, secretsText(after));
    const file = step === 'wait' ? null : path;
    output.end(
      { step, versions: after.map(({ version }) => version), file, next: NEXT[step] },
      `${NEXT[step]}${file === null ? '' : `\nAPI_KEY_PEPPERS (or API_KEY_PEPPERS_FILE): ${file}`}`,
    );
    return step === 'wait' ? ExitCode.no : ExitCode.yes;
  });
}
