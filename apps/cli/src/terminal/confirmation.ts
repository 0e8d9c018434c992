import type { Command } from 'commander';
import { printable } from './printable';
import { ask, canAsk } from './question';
import { UsageProblem } from './usage-problem';

/** The person who was asked did not confirm. */
export class NotConfirmed extends Error {
  override readonly name = 'NotConfirmed';

  constructor() {
    super('Not confirmed: nothing was changed.');
  }
}

/** As typed. */
export interface ConfirmOptions {
  yes?: boolean;
}

/** Declares `--yes` of a command that does what can't be undone; it calls `confirm` before it does that. */
export function confirmedByYes(command: Command): Command {
  return command.option('--yes', 'do not ask for confirmation; needed where there is no terminal');
}

/**
 * Refuses a command that nobody could confirm. Called before anything is opened, so that a script fails at once.
 * @throws UsageProblem without `--yes` where there is no terminal
 */
export function assertCanConfirm({ yes = false }: ConfirmOptions): void {
  if (!yes && !canAsk())
    throw new UsageProblem('This cannot be undone, and there is no terminal to confirm it at: add --yes.');
}

/**
 * Asks, unless `--yes` was given, whether to do what can't be undone.
 * @param effect sentences that say what will happen, with numbers
 * @param word what must be typed to confirm: the name of what is changed
 * @throws NotConfirmed when something else was typed, UsageProblem where there is no terminal
 */
export async function confirm(effect: string, word: string, options: ConfirmOptions): Promise<void> {
  if (options.yes === true) return;
  assertCanConfirm(options);
  process.stderr.write(`${printable(effect)}\nThis cannot be undone.\n`);
  const typed = await ask(`To confirm, type ${printable(word)}: `, 'confirmation');
  if (typed.trim() !== word) throw new NotConfirmed();
}
