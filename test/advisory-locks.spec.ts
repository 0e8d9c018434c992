import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(__dirname, '..');
/** The numbers that this project takes for its advisory locks begin like this. */
const LOCK = /\b4702394921427289[0-9]{3}\b/g;

it('gives each advisory lock a number of its own: two that share one wait for each other', () => {
  const taken = ['libs', 'apps', 'migrations']
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) =>
        join(folder, name),
      ),
    )
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'))
    .flatMap((name) => [...new Set(readFileSync(join(root, name), 'utf8').match(LOCK))]);
  expect(taken.length).toBeGreaterThanOrEqual(5);
  expect(taken.sort()).toEqual([...new Set(taken)].sort());
});
