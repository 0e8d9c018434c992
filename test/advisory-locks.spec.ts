import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(__dirname, '..');
/** The numbers that this project takes for its advisory locks begin like this; a constant names the lock. */
const LOCK = /(?:const (\w+) = ['"]?)?\b(4702394921427289[0-9]{3})\b/g;

it('gives each advisory lock a number of its own: two that share one wait for each other', () => {
  const names = new Map<string, Set<string>>();
  const files = ['libs', 'apps', 'migrations'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  );
  for (const file of files.filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts')))
    for (const [, constant, number] of readFileSync(join(root, file), 'utf8').matchAll(LOCK))
      // A migration that defines a function again takes the lock under the same name; without a name it is the file's.
      names.set(number!, (names.get(number!) ?? new Set()).add(constant ?? file));
  expect(names.size).toBeGreaterThanOrEqual(5);
  const shared = [...names].filter(([, takers]) => takers.size > 1);
  expect(shared).toEqual([]);
});
