import { FIRST, jwkWithKid } from './keys.mjs';

/** `2027-01-15T08:00:00Z`. */
export const NOW = 1800000000;

const QUESTION = { module: 'payroll', version: '17.0', instance: null };

/**
 * A vector, with what most of them have in common.
 * @param {string} id
 * @param {string} description
 * @param {object} parts `token`, and what differs from the common question, keys and time
 * @param {object} expect
 */
export function vector(id, description, parts, expect) {
  const { token, question, issuers, keys, now, ...others } = parts;
  return {
    id,
    description,
    token,
    question: { ...QUESTION, ...question },
    issuers: issuers ?? ['https://license.example'],
    keys: keys ?? [jwkWithKid(FIRST)],
    now: now ?? NOW,
    ...others,
    expect,
  };
}
