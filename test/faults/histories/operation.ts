/** What a client asks of a license. */
export type Kind = 'revoke' | 'suspend' | 'reinstate' | 'supersede' | 'validate' | 'read';

/** One request of a history, and what was answered. */
export interface Operation {
  kind: Kind;
  /** Of the token that is validated: the newest was 1 when the license was issued. */
  revision?: number;
  /** When it was sent, in ms; of one that is sent again, the first time. */
  began: number;
  /** When it was answered, in ms. Undefined: its outcome is unknown, it may take effect at any time after `began`, or never. */
  ended: number | undefined;
  /** `done`, `done <revision>` or `conflict` of a change, the code of a validation, `<status> <revision>` of a reading. */
  outcome: string | undefined;
}

/** What a license is, as far as histories ask for it. */
export interface State {
  status: 'active' | 'suspended' | 'revoked';
  /** Of the newest token; each change of this kind withdraws the older ones. */
  revision: number;
}

export const ISSUED: State = { status: 'active', revision: 1 };

/**
 * What a license answers, and what it is afterwards, by the life cycle of the contract.
 * @returns the state itself, the same object, where nothing changes
 */
export function apply(state: State, { kind, revision }: Operation): { outcome: string; state: State } {
  const conflict = { outcome: 'conflict', state };
  const done = (changed: Partial<State>) => ({ outcome: 'done', state: { ...state, ...changed } });
  switch (kind) {
    case 'revoke':
      return state.status === 'revoked' ? conflict : done({ status: 'revoked' });
    case 'suspend':
      return state.status === 'active' ? done({ status: 'suspended' }) : conflict;
    case 'reinstate':
      return state.status === 'suspended' ? done({ status: 'active' }) : conflict;
    case 'supersede':
      return state.status === 'revoked' ? conflict : superseded(state);
    case 'validate':
      return { outcome: verdict(state, revision ?? 1), state };
    case 'read':
      return { outcome: `${state.status} ${state.revision}`, state };
  }
}

function superseded(state: State): { outcome: string; state: State } {
  const revision = state.revision + 1;
  return { outcome: `done ${revision}`, state: { ...state, revision } };
}

function verdict({ status, revision }: State, presented: number): string {
  if (status === 'revoked') return 'REVOKED';
  if (status === 'suspended') return 'SUSPENDED';
  return presented < revision ? 'SUPERSEDED' : 'VALID';
}
