import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');

/**
 * What a page shows in blocks of one language.
 * @param page path from the project's root
 * @param section only those below this heading (`## …` without the marks), up to the next of its level
 */
export function blocksOf(page: string, language = 'sh', section?: string): string[] {
  let text = readFileSync(join(ROOT, page), 'utf8');
  if (section !== undefined) {
    const found = text.split(/^## /m).find((part) => part.startsWith(`${section}\n`));
    if (found === undefined) throw new Error(`${page} has no section "${section}"`);
    text = found;
  }
  const blocks = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms');
  return [...text.matchAll(blocks)].map(([, block = '']) => block);
}

/** @returns the jobs that docs/metrics.md explains, in the order of the page, each with its text */
export function jobsOfThePage(): { name: string; text: string }[] {
  const page = readFileSync(join(ROOT, 'docs/metrics.md'), 'utf8');
  const [, jobs = ''] = /^## Jobs\n([^]*?)^## /m.exec(page) ?? [];
  return [...jobs.matchAll(/^- `([a-z-]+)`: (.+)$/gm)].map(([, name = '', text = '']) => ({ name, text }));
}
