import { isLinearizable } from './linearizable';
import type { Kind, Operation } from './operation';

function operation(
  kind: Kind,
  [began, ended]: [number, number | undefined],
  outcome?: string,
  revision?: number,
): Operation {
  return { kind, began, ended, outcome, revision };
}

describe('the check of histories', () => {
  it.each<[string, Operation[]]>([
    ['nothing', []],
    ['a license that was only read', [operation('read', [0, 1], 'active 1')]],
    [
      'either verdict while a revocation is under way',
      [
        operation('revoke', [0, 10], 'done'),
        operation('validate', [1, 2], 'VALID'),
        operation('validate', [3, 9], 'REVOKED'),
      ],
    ],
    [
      'two revocations at once, of which one meets the other',
      [operation('revoke', [0, 10], 'conflict'), operation('revoke', [5, 15], 'done')],
    ],
    [
      'a revocation of unknown outcome that took effect',
      [operation('revoke', [0, undefined]), operation('validate', [5, 6], 'REVOKED')],
    ],
    [
      'a revocation of unknown outcome that took effect much later',
      [
        operation('revoke', [0, undefined]),
        operation('validate', [5, 6], 'VALID'),
        operation('validate', [7, 8], 'REVOKED'),
      ],
    ],
    [
      'a revocation of unknown outcome that never took effect',
      [operation('revoke', [0, undefined]), operation('validate', [5, 6], 'VALID')],
    ],
    [
      'an older token that was withdrawn, and the newer one',
      [
        operation('supersede', [0, 1], 'done 2'),
        operation('validate', [2, 3], 'SUPERSEDED', 1),
        operation('validate', [2, 3], 'VALID', 2),
        operation('read', [4, 5], 'active 2'),
      ],
    ],
    [
      'a suspension that ended, and another',
      [
        operation('suspend', [0, 1], 'done'),
        operation('suspend', [2, 3], 'conflict'),
        operation('reinstate', [4, 5], 'done'),
        operation('suspend', [6, 7], 'done'),
        operation('validate', [8, 9], 'SUSPENDED'),
      ],
    ],
  ])('explains %s', (_name, history) => {
    expect(isLinearizable(history)).toBe(true);
    expect(isLinearizable([...history].reverse())).toBe(true);
  });

  it.each<[string, Operation[]]>([
    [
      'a token that is valid after its acknowledged revocation',
      [operation('revoke', [0, 1], 'done'), operation('validate', [2, 3], 'VALID')],
    ],
    [
      'a revocation that was seen, then not',
      [
        operation('revoke', [0, 10], 'done'),
        operation('validate', [1, 2], 'REVOKED'),
        operation('validate', [3, 4], 'VALID'),
      ],
    ],
    [
      'a revocation of unknown outcome that was seen, then not',
      [
        operation('revoke', [0, undefined]),
        operation('validate', [1, 2], 'REVOKED'),
        operation('validate', [3, 4], 'VALID'),
      ],
    ],
    [
      'two revocations that both succeeded',
      [operation('revoke', [0, 10], 'done'), operation('revoke', [5, 15], 'done')],
    ],
    ['a state that nobody caused', [operation('validate', [0, 1], 'SUSPENDED')]],
    [
      'one change of unknown outcome that took effect twice',
      [
        operation('supersede', [0, undefined]),
        operation('read', [1, 2], 'active 2'),
        operation('read', [3, 4], 'active 3'),
      ],
    ],
    ['a change that a refusal contradicts', [operation('reinstate', [0, 1], 'done')]],
  ])('does not explain %s', (_name, history) => {
    expect(isLinearizable(history)).toBe(false);
    expect(isLinearizable([...history].reverse())).toBe(false);
  });

  it('finds the order of many operations at once', () => {
    const readings = Array.from({ length: 20 }, (_, n) =>
      operation('read', [0, 100], n % 2 === 0 ? 'suspended 1' : 'active 1'),
    );
    const changes = [operation('suspend', [0, 100], 'done'), operation('reinstate', [0, 100], 'done')];
    expect(isLinearizable([...readings, ...changes])).toBe(true);
    expect(isLinearizable([...readings, ...changes, operation('read', [0, 100], 'revoked 1')])).toBe(false);
  });
});
