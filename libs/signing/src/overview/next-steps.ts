import type { SigningKeyState } from '../ring/signing-key.entity';

/** Commands of `aegis` that change what a signing key is used for. */
export const KEY_COMMANDS = [
  'keys generate',
  'keys publish',
  'keys activate',
  'keys retire',
  'licenses resign',
] as const;
export type KeyCommand = (typeof KEY_COMMANDS)[number];

/**
 * What a command still waits for. `key_files`: its key was made, and is in KEYS_DIR; `servers`: every server that lives can
 * sign with it; `clients`: the time for which clients keep the key set has passed since it was published; `active_key`: a
 * key signs.
 */
export const STEP_CONDITIONS = ['key_files', 'servers', 'clients', 'active_key'] as const;
export type StepCondition = (typeof STEP_CONDITIONS)[number];

/** What can be done next with a key. */
export interface NextStep {
  command: KeyCommand;
  /** The command as it is typed; `<kid>` stands for the id of a new key. */
  line: string;
  /** What is not the case yet; empty: it can be done now. */
  waits_for: StepCondition[];
}

/** What the steps follow from. */
export interface KeyFacts {
  kid: string;
  state: SigningKeyState;
  /** Licenses whose newest token it signed. */
  licenses: number;
  /** Servers that live, and those among them that can sign with it. */
  servers_alive: number;
  servers_holding: number;
  /** Whether clients that keep a key set have one with this key in it by now. */
  clients_know: boolean;
  /** Whether any key is active. */
  has_active: boolean;
}

/** Says what a rotation, or the time after a compromise, still needs of one key (docs/keys.md), in its order. */
export function nextSteps(key: KeyFacts): NextStep[] {
  switch (key.state) {
    case 'pending':
      return [
        activation(key),
        { command: 'keys retire', line: `aegis keys retire ${key.kid}`, waits_for: [] },
      ];
    case 'active':
      return [
        { command: 'keys generate', line: 'aegis keys generate', waits_for: [] },
        { command: 'keys publish', line: 'aegis keys publish <kid>', waits_for: ['key_files'] },
      ];
    case 'retired':
      return [activation(key)];
    case 'compromised':
      return key.licenses === 0 ? [] : [resigning(key)];
  }
}

function activation(key: KeyFacts): NextStep {
  const waitsFor: StepCondition[] = [];
  if (key.servers_holding < key.servers_alive) waitsFor.push('servers');
  if (!key.clients_know) waitsFor.push('clients');
  return { command: 'keys activate', line: `aegis keys activate ${key.kid}`, waits_for: waitsFor };
}

function resigning({ kid, has_active }: KeyFacts): NextStep {
  return {
    command: 'licenses resign',
    line: `aegis licenses resign --key ${kid}`,
    waits_for: has_active ? [] : ['active_key'],
  };
}
