import { type ReactNode, useSyncExternalStore } from 'react';

let current = '';
const listeners = new Set<() => void>();

/** Says that something was done, also to screen readers. An empty text removes what was said. */
export function notify(text: string): void {
  current = text;
  for (const listener of listeners) listener();
}

/** Where it is said. */
export function Notices(): ReactNode {
  const text = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
  );
  return (
    <div role="status" className={text === '' ? 'notices silent' : 'notices note good'}>
      {text}
    </div>
  );
}
