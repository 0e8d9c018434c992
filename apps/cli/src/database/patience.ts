import { setTimeout as pause } from 'node:timers/promises';

const PAUSE_MS = 500;

/** How long something is tried, and what ends it earlier. */
export interface Patience<T> {
  /** Seconds after which no further attempt begins; one attempt without. */
  seconds: number | undefined;
  /** Whether an error may be gone at the next attempt; any other is thrown at once. */
  mayPass: (error: unknown) => boolean;
  /** Whether an answer is the wanted one; by default, every answer is. */
  isWanted?: (answer: T) => boolean;
  /** Called once, if there is a second attempt. */
  waiting: () => void;
}

/**
 * Repeats an attempt, with pauses, until its answer is wanted or the time is over.
 * @returns the last answer, wanted or not
 * @throws what the last attempt threw
 */
export async function withPatience<T>(attempt: () => Promise<T>, patience: Patience<T>): Promise<T> {
  const { seconds = 0, mayPass, isWanted = () => true, waiting } = patience;
  const deadline = performance.now() + seconds * 1000;
  for (let attempts = 1; ; attempts += 1) {
    const isOver = performance.now() + PAUSE_MS > deadline;
    try {
      const answer = await attempt();
      if (isOver || isWanted(answer)) return answer;
    } catch (error) {
      if (isOver || !mayPass(error)) throw error;
    }
    if (attempts === 1) waiting();
    await pause(PAUSE_MS);
  }
}
