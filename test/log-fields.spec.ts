import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { isHiddenField } from '../libs/logging/src/hidden-fields';

const ROOT = join(__dirname, '..');
const LEVELS = ['error', 'warn', 'info', 'debug'];

interface LoggedField {
  path: string;
  field: string;
}

/** The fields that calls of `Logger.write` name: `write('warn', 'message', { field: … })`. */
function loggedFields(path: string): LoggedField[] {
  const source = ts.createSourceFile(path, readFileSync(join(ROOT, path), 'utf8'), ts.ScriptTarget.Latest);
  const fields: LoggedField[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
      const [level, , given] = node.arguments;
      const isWrite = node.expression.name.text === 'write';
      const isLevel = level !== undefined && ts.isStringLiteral(level) && LEVELS.includes(level.text);
      if (isWrite && isLevel && given !== undefined && ts.isObjectLiteralExpression(given))
        for (const { name } of given.properties)
          if (name !== undefined && ts.isIdentifier(name)) fields.push({ path, field: name.text });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return fields;
}

const fields = ['apps', 'libs'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'))
    .flatMap((name) => loggedFields(join(folder, name))),
);

it('finds what is logged', () => {
  expect(fields).toEqual(
    expect.arrayContaining([
      { path: 'libs/checkpoints/src/sealing/trail-alarms.ts', field: 'alarm' },
      { path: 'libs/jobs/src/job.ts', field: 'job' },
    ]),
  );
});

it('no line of the log has a field of ours whose value is always replaced by [redacted]', () => {
  expect(fields.filter(({ field }) => isHiddenField(field))).toEqual([]);
});
