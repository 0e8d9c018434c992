import { execFileSync } from 'node:child_process';
import { asCurl, type ShownRequest } from './curl';

const ORIGIN = 'https://licenses.example.com';

/** The words of the command, as a shell reads them. */
function wordsOf(request: ShownRequest): string[] {
  const script = `curl() { printf '%s\\0' "$@"; }\n${asCurl(request, ORIGIN)}`;
  const env = { AEGIS_API_KEY: 'the key', PATH: process.env.PATH };
  return execFileSync('sh', ['-c', script], { encoding: 'utf8', env }).split('\0').slice(0, -1);
}

it('asks with the key of the shell, and leaves out filters that are not set', () => {
  expect(
    wordsOf({ path: '/api/v1/licenses', query: { q: 'a&b c', status: undefined, page_size: 25 } }),
  ).toEqual(['-s', `${ORIGIN}/api/v1/licenses?q=a%26b+c&page_size=25`, '-H', 'X-API-Key: the key']);
});

it('sends a body that no text can break out of', () => {
  const body = { reason: `it's "quoted" $(id) \`id\` \\ <b>` };
  const words = wordsOf({ method: 'POST', path: '/api/v1/licenses/1/revoke', body });
  expect(words).toEqual([
    '-s',
    '-X',
    'POST',
    `${ORIGIN}/api/v1/licenses/1/revoke`,
    '-H',
    'X-API-Key: the key',
    '-H',
    'Content-Type: application/json',
    '-d',
    JSON.stringify(body),
  ]);
});
