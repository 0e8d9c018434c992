import { apply, ISSUED, type Operation, type State } from './operation';

/**
 * Whether one order of the operations explains all answers: each takes effect at one moment between its request and its
 * answer, and answers what the license is at that moment (Herlihy and Wing, "Linearizability", 1990). The search is that of
 * Wing and Gong with the states that led nowhere remembered.
 * @param history operations on one license since it was issued, in any order; a few dozen at most
 */
export function isLinearizable(history: readonly Operation[]): boolean {
  const deadEnds = new Set<string>();

  function explains(left: readonly Operation[], state: State): boolean {
    const answered = left.filter(({ ended }) => ended !== undefined);
    if (answered.length === 0) return true;
    const key = `${left.map((operation) => history.indexOf(operation)).join()} ${state.status} ${state.revision}`;
    if (deadEnds.has(key)) return false;
    // Whatever was sent after another was answered comes after it.
    const firstEnd = Math.min(...answered.map(({ ended = Infinity }) => ended));
    const next = left
      .filter(({ began }) => began <= firstEnd)
      .map((operation) => ({ operation, ...apply(state, operation) }));
    const without = (operation: Operation): Operation[] => left.filter((other) => other !== operation);
    // What changes nothing and answers right is placed at once: that never rules out an order.
    const reading = next.find(
      ({ operation, outcome, state: after }) =>
        after === state && operation.ended !== undefined && operation.outcome === outcome,
    );
    if (reading !== undefined) return explains(without(reading.operation), state);
    for (const { operation, outcome, state: after } of next)
      if (after !== state && (operation.ended === undefined || operation.outcome === outcome))
        if (explains(without(operation), after)) return true;
    deadEnds.add(key);
    return false;
  }

  return explains(history, ISSUED);
}
