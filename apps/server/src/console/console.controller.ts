import { DomainError } from '@aegis/errors';
import { CacheControl, Precompressed, Public, RespondsAsIs } from '@aegis/http';
import { Controller, Get, Header, Param } from '@nestjs/common';
import { ApiExcludeEndpoint } from '@nestjs/swagger';
import { htmlPage } from '../docs/html-page';
import { ConsoleBuild } from './console-build';
import { ConsoleFiles } from './console-files';

class NoConsole extends DomainError {
  readonly code = 'not_found';

  constructor() {
    super(
      'The console was not built into this server. `npm run build:console` builds it; images and packages contain it.',
    );
  }
}

class NoSuchFile extends DomainError {
  readonly code = 'not_found';

  constructor() {
    super(
      'The console has no file of this name. It was perhaps replaced by a newer one: load the page again.',
    );
  }
}

/** Scripts and styles come from files of the build only, and no text becomes markup or a script. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

const BUILDING = waitingPage(
  'The console is being built',
  'This page loads again by itself; it takes some seconds.',
);
const FAILED = waitingPage(
  'The console could not be built',
  'The log of the server says why. `npm run build:console` builds it, and installs what it needs. This page tries again by itself.',
);

/** The console: one page for all of its paths, and its files. */
@Controller('console')
@Public()
export class ConsoleController {
  constructor(
    private readonly files: ConsoleFiles,
    private readonly build: ConsoleBuild,
  ) {}

  @Get()
  @ApiExcludeEndpoint()
  @Header('Content-Security-Policy', POLICY)
  @CacheControl('no-cache')
  @RespondsAsIs('text/html; charset=utf-8')
  index(): Precompressed | string {
    return this.page();
  }

  /** The name of a file has a hash of its content. */
  @Get('assets/:name')
  @ApiExcludeEndpoint()
  @Header('Content-Security-Policy', POLICY)
  @CacheControl('public, max-age=31536000, immutable')
  @RespondsAsIs('application/octet-stream')
  asset(@Param('name') name: string): Precompressed {
    if (this.build.visit() === 'missing') throw new NoConsole();
    const file = this.files.exist ? this.files.asset(name) : undefined;
    if (file === undefined) throw new NoSuchFile();
    return file;
  }

  /** The page itself shows what belongs to the path. */
  @Get('*path')
  @ApiExcludeEndpoint()
  @Header('Content-Security-Policy', POLICY)
  @CacheControl('no-cache')
  @RespondsAsIs('text/html; charset=utf-8')
  deepLink(): Precompressed | string {
    return this.page();
  }

  private page(): Precompressed | string {
    switch (this.build.visit()) {
      case 'ready':
        return this.files.page();
      case 'building':
        return BUILDING;
      case 'failed':
        return FAILED;
      case 'missing':
        throw new NoConsole();
    }
  }
}

function waitingPage(title: string, text: string): string {
  const again = '<meta http-equiv="refresh" content="2">';
  return htmlPage(title, `    <h1>${title}</h1>\n    <p>${text}</p>`).replace(
    '<title>',
    `${again}\n    <title>`,
  );
}
