import process from 'node:process';

const CHECK_MS = 500;

/**
 * Ends this process as SIGTERM does once the shell of an npm script is gone. `kill` of `npm start` reaches npm, which
 * hands the signal to its shell; most shells end without handing it on, and the server would run on without a parent.
 * Does nothing where npm did not start it.
 * @returns {() => void} looks at once, for who was too busy to be asked
 */
export function endWithNpm() {
  if (process.env.npm_lifecycle_event === undefined || process.platform === 'win32') return () => undefined;
  const parent = process.ppid;
  let asked = false;
  const look = () => {
    if (asked || process.ppid === parent) return;
    asked = true;
    process.kill(process.pid, 'SIGTERM');
  };
  setInterval(look, CHECK_MS).unref();
  return look;
}
