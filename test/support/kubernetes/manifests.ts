import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

const ROOT = join(__dirname, '../../..');
const KUBERNETES = join(ROOT, 'deploy/kubernetes');

/** What a manifest may have; tests read it as they know it. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Manifest = Record<string, any> & {
  kind: string;
  metadata: { name: string; namespace?: string; labels?: unknown };
};

/** Folders of `deploy/kubernetes`, by the name of what is deployed together. */
export const DEPLOYMENTS = {
  production: ['overlays/production/prerequisites', 'overlays/production/server'],
  development: ['overlays/development'],
} as const;

/** Whether Kustomize 5 is there, in kubectl or alone. */
export const hasKustomize = [
  spawnSync('kubectl', ['version', '--client', '--output=json'], { encoding: 'utf8' }).stdout,
  spawnSync('kustomize', ['version'], { encoding: 'utf8' }).stdout,
].some((text) => /\bv(?:[5-9]|\d\d)\.\d+\.\d+/.test(kustomizeVersion(text)));

function kustomizeVersion(text: string | null): string {
  return /"kustomizeVersion": "(v[^"]*)"/.exec(text ?? '')?.[1] ?? (text?.startsWith('v') ? text : '');
}

/** @param folders below deploy/kubernetes, or absolute  @returns YAML of all of them */
export function rendered(folders: readonly string[]): string {
  return folders
    .map((folder) => {
      const path = folder.startsWith('/') ? folder : join(KUBERNETES, folder);
      const command = spawnSync('kubectl', ['kustomize', path], { encoding: 'utf8' });
      const { status, stdout, stderr } =
        command.error === undefined ? command : spawnSync('kustomize', ['build', path], { encoding: 'utf8' });
      if (status !== 0) throw new Error(stderr);
      return stdout;
    })
    .join('---\n');
}

export function manifestsOf(yaml: string): Manifest[] {
  return parseAllDocuments(yaml).map((document) => document.toJS() as Manifest);
}

/** How `deploy/kubernetes/check.mjs` judged. */
export interface Checked {
  status: number | null;
  findings: string[];
  stderr: string;
}

/** Runs the check over folders of deploy/kubernetes. */
export function check(folders: readonly string[]): Checked {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(KUBERNETES, 'check.mjs'), ...folders.map((folder) => join(KUBERNETES, folder))],
    { encoding: 'utf8' },
  );
  return { status, findings: stdout.split('\n').filter((line) => line !== ''), stderr };
}

/** Runs it over texts of rendered YAML.  @returns the findings in each */
export function findingsIn(texts: readonly string[]): string[][] {
  const { stdout, stderr } = spawnSync(process.execPath, [join(__dirname, 'check-many.mjs')], {
    input: JSON.stringify(texts),
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (stderr !== '') throw new Error(stderr);
  return JSON.parse(stdout) as string[][];
}
