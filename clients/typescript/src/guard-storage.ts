import { type ClockState, readClockState } from '@aegis/license-token';

/** Where a program keeps what the guard of the clock remembers: a file, a row, `localStorage`. */
export interface GuardStorage {
  /** What was saved last; null where nothing was. */
  load(): unknown;
  /** Keeps `{trusted_at, seen_at}`, seconds since 1970, in place of what was kept. */
  save(state: ClockState): unknown;
}

/** A storage that fails has lost its state: a full disk is not a reason to refuse a license. */
export async function loadState(storage: GuardStorage): Promise<ClockState | null> {
  try {
    return readClockState(await storage.load());
  } catch {
    return null;
  }
}

/** Saves a state where it differs from the one that was loaded. */
export async function saveState(
  storage: GuardStorage,
  before: ClockState | null,
  state: ClockState | null,
): Promise<void> {
  if (state === null) return;
  if (before?.trusted_at === state.trusted_at && before.seen_at === state.seen_at) return;
  try {
    await storage.save(state);
  } catch {
    // The next verification tries again.
  }
}
