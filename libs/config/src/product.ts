import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const PACKAGE_NAME = 'aegis-license-server';

/** Folder of the product's package.json, whether this runs from the sources or from `dist`. */
function packageFile(folder = __dirname): { version: string } {
  try {
    const found = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      name: string;
      version: string;
    };
    if (found.name === PACKAGE_NAME) return found;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  if (dirname(folder) === folder) throw new Error(`no package.json of ${PACKAGE_NAME} above the code`);
  return packageFile(dirname(folder));
}

export const PRODUCT_NAME = 'AEGIS License Server';
export const PRODUCT_VERSION = packageFile().version;
