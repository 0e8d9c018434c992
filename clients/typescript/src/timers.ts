/** Does work later, once; what it returns cancels that. */
export type Schedule = (work: () => void, delayMs: number) => () => void;

/** By the platform's timer, which does not keep a process of Node alive. */
export const scheduleByTimer: Schedule = (work, delayMs) => {
  const timer: unknown = setTimeout(work, delayMs);
  if (typeof timer === 'object' && timer !== null && 'unref' in timer) (timer as { unref(): void }).unref();
  return () => {
    clearTimeout(timer as ReturnType<typeof setTimeout>);
  };
};
