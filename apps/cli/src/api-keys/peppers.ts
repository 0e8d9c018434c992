import { ApiKeysModule, type KeyUnderOldPepper, PepperUse, type UseOfPepper } from '@aegis/api-keys';
import { ExitCode } from '../terminal/exit-code';
import type { Output } from '../terminal/output';
import { printable } from '../terminal/printable';
import { withServices } from '../services';

/** `aegis api-keys peppers`: yes when nothing depends on any pepper but the current one */
export function showPeppers(output: Output): Promise<ExitCode> {
  return withServices(['API_KEY_PEPPERS'], [ApiKeysModule], 'reads', async (services) => {
    const use = services.get(PepperUse);
    const peppers = (await use.byPepper()).map((one) => ({ ...one, can_be_dropped: canBeDropped(one) }));
    const left = await use.keysLeftBehind();
    for (const key of left) output.entry('keys_left_behind', key, keyRow(key));
    const settled = peppers.every(({ state, can_be_dropped }) => state === 'current' || can_be_dropped);
    output.end(
      { ...(left.length === 0 && { keys_left_behind: [] }), peppers, settled },
      [...peppers.map(pepperRow), summary(peppers, settled)].join('\n'),
    );
    return settled ? ExitCode.yes : ExitCode.no;
  });
}

function canBeDropped({ state, keys, graces, remembered_answers }: UseOfPepper): boolean {
  return state !== 'current' && keys + graces + remembered_answers === 0;
}

function keyRow({ id, name, pepper_version, is_active, last_used_at }: KeyUnderOldPepper): string {
  const used = last_used_at === null ? 'never used' : `last used ${last_used_at.toISOString()}`;
  return [id, pepper_version, is_active ? used : `${used}, inactive`, printable(name)].join('  ');
}

function pepperRow(pepper: UseOfPepper): string {
  const { version, keys, graces, graces_until, remembered_answers, remembered_answers_until } = pepper;
  return [
    `${version} (${MEANING[pepper.state]})`,
    canBeDropped(pepper) ? 'nothing depends on it' : `${keys} key(s)`,
    ...(graces > 0 ? [`${graces} previous secret(s) until ${iso(graces_until)}`] : []),
    ...(remembered_answers > 0
      ? [`${remembered_answers} remembered answer(s) until ${iso(remembered_answers_until)}`]
      : []),
  ].join(', ');
}

const MEANING: Readonly<Record<UseOfPepper['state'], string>> = {
  current: 'current',
  known: 'older',
  unknown: 'not in API_KEY_PEPPERS, so everything that depends on it is refused',
};

function iso(time: Date | null): string {
  return time?.toISOString() ?? 'unknown';
}

function summary(peppers: readonly UseOfPepper[], settled: boolean): string {
  const older = peppers.filter(({ state }) => state === 'known');
  if (!settled) return 'An older pepper is still needed.';
  return older.length === 0
    ? 'There is no older pepper.'
    : `Can be removed from API_KEY_PEPPERS: ${older.map(({ version }) => version).join(', ')}.`;
}
