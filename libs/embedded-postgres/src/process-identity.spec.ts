import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { commandLineOf, identifyProcess, isRunning, ownIdentity, readPs } from './process-identity';

describe('process identity', () => {
  it('recognises a running process', () => {
    expect(ownIdentity().pid).toBe(process.pid);
    expect(isRunning(ownIdentity())).toBe(true);
  });

  it('recognises that a pid was given to another process', () => {
    expect(isRunning({ pid: process.pid, startedAt: 'another boot/1' })).toBe(false);
  });

  it('counts an ended process as dead', async () => {
    const child = spawn('sleep', ['60']);
    const identity = identifyProcess(child.pid!)!;
    expect(isRunning(identity)).toBe(true);
    expect(commandLineOf(child.pid!)).toBe('sleep 60');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isRunning(identity)).toBe(false);
    expect(commandLineOf(child.pid!)).toBe('');
  });

  it('counts a zombie as dead', async () => {
    // The shell becomes a sleep that never reaps the child which the shell had started.
    const parent = spawn('sh', ['-c', 'sleep 61 & echo $!; exec sleep 60']);
    try {
      const [pid] = (await once(parent.stdout, 'data')) as [Buffer];
      const zombie = Number(pid.toString());
      await eventually(() => commandLineOf(parent.pid!) === 'sleep 60');
      process.kill(zombie, 'SIGKILL');
      await eventually(() => readPs(zombie)?.state.startsWith('Z') === true);
      expect(identifyProcess(zombie)).toBeUndefined();
    } finally {
      parent.kill('SIGKILL');
    }
  });

  it('reads the start time from ps where there is no /proc', () => {
    const year = String(new Date().getUTCFullYear());
    expect(readPs(process.pid)?.startedAt).toMatch(
      new RegExp(`^[A-Z][a-z]{2} .*\\d\\d:\\d\\d:\\d\\d ${year}$`),
    );
    expect(readPs(2 ** 22 + 1)).toBeUndefined();
  });
});

async function eventually(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}
