import { Precompressed } from '@aegis/http';
import { Injectable } from '@nestjs/common';
import { hash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { CONSOLE_BUILD } from './console-folders';

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** The built console: its page, and the scripts and styles whose names have a hash of their content. */
@Injectable()
export class ConsoleFiles {
  // Read once: a file that is open for each slow reader takes descriptors, and a new build would mix with the old one.
  private read: { page: Precompressed; assets: ReadonlyMap<string, Precompressed> } | undefined;

  /** Whether there is a build to serve. */
  get exist(): boolean {
    return existsSync(join(CONSOLE_BUILD, 'index.html'));
  }

  /** The page of every path under /console. */
  page(): Precompressed {
    return this.files().page;
  }

  /** @returns the file, or undefined for a name that the build does not have */
  asset(name: string): Precompressed | undefined {
    return this.files().assets.get(name);
  }

  /** Reads the files again, after a build. */
  forget(): void {
    this.read = undefined;
  }

  private files(): { page: Precompressed; assets: ReadonlyMap<string, Precompressed> } {
    return (this.read ??= {
      page: precompressed(join(CONSOLE_BUILD, 'index.html')),
      assets: new Map(
        readdirSync(join(CONSOLE_BUILD, 'assets'))
          .filter((name) => extname(name) in MEDIA_TYPES)
          .map((name) => [name, precompressed(join(CONSOLE_BUILD, 'assets', name))]),
      ),
    });
  }
}

/** A file that the build has in three codings. */
function precompressed(path: string): Precompressed {
  const plain = readFileSync(path);
  const mediaType = MEDIA_TYPES[extname(path)];
  return new Precompressed(plain, readFileSync(`${path}.gz`), hash('sha256', plain, 'base64url'), {
    brotli: readFileSync(`${path}.br`),
    ...(mediaType !== undefined && { mediaType }),
  });
}
