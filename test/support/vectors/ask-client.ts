import type { ClockState } from '@aegis/license-token';
import type { verifyLicense } from '../../../clients/typescript/src/index';
import type { RandomQuestion } from './random-questions';
import type { VectorAnswer } from './read-vectors';

/** What a build of the TypeScript client answers. */
export interface ClientAnswer {
  /** Without what is not in vectors. */
  answer: VectorAnswer;
  error: string | null;
  checkedAt: string;
}

/**
 * Asks a build of the TypeScript client. It uses nothing from outside of itself: browsers run its text.
 * @param verify of the build
 * @param asked a vector, or a random question
 */
export async function askClient(verify: typeof verifyLicense, asked: RandomQuestion): Promise<ClientAnswer> {
  const { token, question, issuers, keys, now, max_offline, status_list, activation } = asked;
  let kept: ClockState | null = asked.guard ?? null;
  const guard = {
    load: (): ClockState | null => kept,
    save: (state: ClockState): void => {
      kept = state;
    },
  };
  const { error, checked_at, ...verdict } = await verify(token, {
    keys: Array.isArray(keys) ? keys : { keySet: keys.key_set, root: keys.root },
    issuer: issuers,
    ...question,
    now,
    statusList: status_list,
    maxOffline: max_offline,
    guard: asked.guard === undefined ? null : guard,
    activation: activation && { ...activation, statusList: activation.status_list },
  });
  const answer = { ...verdict, ...(asked.guard !== undefined && { guard: kept }) };
  return { answer, error, checkedAt: checked_at };
}
