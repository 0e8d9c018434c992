import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { VerifierExample } from '../../support/vectors/verifier-example';

const EXAMPLE = 'examples/java-verifier';
const hasJava = ['javac', 'java', 'jdeps'].every((command) => spawnSync(command, ['-version']).status === 0);

/** Rules of docs/token-format.md: how the example keeps one, how it is broken, and the vector that must notice. */
const RULES = [
  {
    name: 'Json',
    kept: 'value) != null)',
    broken: 'value) != null && name.isEmpty())',
    vector: 'json-doubled-name',
  },
  { name: 'Base64Url', kept: 'held != 0', broken: 'held < 0', vector: 'form-spare-bits-signature' },
  { name: 'Ed25519', kept: ' || isSmallOrder(x)', broken: '', vector: 'signature-small-order-holds-8' },
  {
    name: 'Ed25519',
    kept: 'if (isSmallOrder(Arrays.copyOf(signature, POINT_BYTES))) return false;',
    broken: '',
    vector: 'signature-small-order-r-8',
  },
  { name: 'Verifier', kept: 'now >= license.end', broken: 'now > license.end', vector: 'end-at' },
];

// A JDK is not a package of the tests: without it this file says so and proves nothing. A skipped test would fail CI.
if (!hasJava)
  describe('clients/examples/java-verifier', () => {
    it('was not run: javac, java and jdeps are not installed', () => {
      expect(hasJava).toBe(false);
    });
  });
else
  describe('clients/examples/java-verifier', () => {
    const verifier = new VerifierExample(EXAMPLE);
    const { example, answersVectors } = verifier;
    const run = (command: string, ...args: string[]) => verifier.run(process.env, command, ...args);

    beforeAll(() => verifier.copy());
    afterAll(() => {
      verifier.remove();
    });

    it('compiles for Java 17 without a warning, and answers each vector as written, by the commands of its page', () => {
      expect(run('/bin/sh', '-ec', answersVectors)).toMatchObject({
        status: 0,
        stdout: verifier.allRight,
        stderr: '',
      });
      const classes = readdirSync(join(example, 'build/verifier'));
      for (const name of readdirSync(join(example, 'verifier')))
        expect(classes).toContain(name.replace('.java', '.class'));
    });

    it('needs only the base of the JDK', () => {
      expect(run('jdeps', '-s', 'build')).toMatchObject({ status: 0, stdout: 'build -> java.base\n' });
    });

    // All are broken at once, each seen by a vector of its own: a Java and a compiler for each would take a minute.
    it('shows a difference for each rule that is broken', () => {
      const paths = RULES.map(({ name, kept, broken }) => {
        const path = join(example, `verifier/${name}.java`);
        const text = readFileSync(path, 'utf8');
        expect(text.split(kept)).toHaveLength(2);
        writeFileSync(path, text.replace(kept, broken));
        return path;
      });
      expect(run('javac', '-cp', 'build', '-d', 'broken', ...new Set(paths))).toMatchObject({ status: 0 });
      const files = ['boundaries', 'hostile', 'signatures'].map((name) => `../../vectors/${name}.json`);
      const { status, stdout } = run('java', '-cp', 'broken:build', 'Vectors', ...files);
      expect(status).toBe(1);
      for (const { vector } of RULES) expect(stdout).toContain(`${vector}: code is `);
    });
  });
