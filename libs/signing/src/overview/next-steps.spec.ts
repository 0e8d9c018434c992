import { type KeyFacts, nextSteps } from './next-steps';

const facts = (given: Partial<KeyFacts>): KeyFacts => ({
  ...{ kid: 'k1', state: 'pending', licenses: 0, servers_alive: 2, servers_holding: 2 },
  ...{ clients_know: true, has_active: true, ...given },
});
const shown = (given: Partial<KeyFacts>): string[] =>
  nextSteps(facts(given)).map(({ line, waits_for: waits }) => [line, ...waits].join(' | '));

describe('the next steps', () => {
  it.each<[string, Partial<KeyFacts>, string[]]>([
    ['a pending key that every server holds and every client knows', {}, []],
    ['one that a server lacks', { servers_holding: 1 }, ['servers']],
    ['one that was just published', { clients_know: false }, ['clients']],
    ['one of both kinds', { servers_holding: 0, clients_know: false }, ['servers', 'clients']],
  ])('of %s are to activate or to retire it', (_, given, waits) => {
    expect(shown(given)).toEqual([['aegis keys activate k1', ...waits].join(' | '), 'aegis keys retire k1']);
  });

  it('of the active key are to make and to publish another one', () => {
    expect(shown({ state: 'active' })).toEqual([
      'aegis keys generate',
      'aegis keys publish <kid> | key_files',
    ]);
  });

  it('of a retired key are to activate it again, where servers have it', () => {
    expect(shown({ state: 'retired' })).toEqual(['aegis keys activate k1']);
    expect(shown({ state: 'retired', servers_holding: 0 })).toEqual(['aegis keys activate k1 | servers']);
  });

  it('of a compromised key are to sign its licenses again, once a key is active', () => {
    expect(shown({ state: 'compromised', licenses: 3 })).toEqual(['aegis licenses resign --key k1']);
    expect(shown({ state: 'compromised', licenses: 3, has_active: false })).toEqual([
      'aegis licenses resign --key k1 | active_key',
    ]);
    expect(shown({ state: 'compromised' })).toEqual([]);
  });

  it('are commands that `aegis` has', () => {
    for (const state of ['pending', 'active', 'retired', 'compromised'] as const)
      for (const { command, line } of nextSteps(facts({ state, licenses: 1 })))
        expect(line.startsWith(`aegis ${command}`)).toBe(true);
  });
});
