import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { outcomeOf, type Podman } from './podman';

/** What an image adds to its base. */
export interface ImageContent {
  /** Folders, each with the files of one layer. */
  layers: string[];
  /** Size of all files in them. */
  bytes: number;
  /** The image's configuration and history, as one text. */
  configuration: string;
}

/** Takes an image apart: the layers that it has beyond those of its base. */
export async function contentOf(podman: Podman, image: string, base: string): Promise<ImageContent> {
  const folder = join(podman.folder, 'content');
  const archive = join(podman.folder, 'content.tar');
  mkdirSync(folder);
  await podman.run('save', '--format', 'docker-archive', '--output', archive, image);
  execFileSync('tar', ['-xf', archive, '-C', folder]);
  const inherited = Number(await podman.run('inspect', '--format', '{{len .RootFS.Layers}}', base));
  const [manifest] = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as {
    Config: string;
    Layers: string[];
  }[];
  if (manifest === undefined) throw new Error('the archive names no image');
  const layers = manifest.Layers.slice(inherited).map((layer, index) => {
    const to = join(folder, `layer-${index}`);
    mkdirSync(to);
    execFileSync('tar', ['-xf', join(folder, layer), '-C', to]);
    return to;
  });
  const bytes = layers
    .flatMap((layer) => filesOf(layer))
    .map((file) => lstatSync(file).size)
    .reduce((sum, size) => sum + size, 0);
  return { layers, bytes, configuration: readFileSync(join(folder, manifest.Config), 'utf8') };
}

/** Every file below a folder; links are not followed. */
export function filesOf(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Files below the folders that contain one of the texts. */
export async function filesWith(folders: readonly string[], texts: readonly string[]): Promise<string[]> {
  const { code, stdout, stderr } = await outcomeOf(
    'grep',
    [
      '--recursive',
      '--fixed-strings',
      '--files-with-matches',
      ...texts.flatMap((text) => ['-e', text]),
      ...folders,
    ],
    process.env,
  );
  if (code !== 0 && code !== 1) throw new Error(`grep ended with ${code}: ${stderr}`);
  return stdout.split('\n').filter((line) => line !== '');
}
