import { DomainError, type ErrorCode, PROBLEMS } from '@aegis/errors';
import { ApiProblems, CacheControl, Public, RespondsAsIs } from '@aegis/web';
import { Controller, Get, Param } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';

class NoSuchProblem extends DomainError {
  readonly code = 'not_found';

  constructor() {
    super('No error has this code.');
  }
}

/** What the `type` of a problem document (RFC 9457) leads to. */
@ApiTags('System')
@Controller('problems')
@Public()
export class ProblemsController {
  @Get(':code')
  @CacheControl('public, max-age=3600')
  @ApiOperation({ operationId: 'getProblem', summary: 'What an error code means, and what to do' })
  @ApiProblems('not_found')
  @RespondsAsIs('text/html; charset=utf-8')
  explain(@Param('code') code: string): string {
    if (!isErrorCode(code)) throw new NoSuchProblem();
    const { status, title, description } = PROBLEMS[code];
    return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <link rel="icon" href="data:,">
    <title>${code}</title>
  </head>
  <body>
    <h1>${title}</h1>
    <p><code>${code}</code>, HTTP status ${status}</p>
    <p>${description.replace(/`([^`]*)`/g, (_, name: string) => `<code>${escaped(name)}</code>`)}</p>
  </body>
</html>
`;
  }
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(PROBLEMS, code);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
