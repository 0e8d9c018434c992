import { DomainError, type ErrorCode, PROBLEMS } from '@aegis/errors';
import { ApiProblems, CacheControl, Public, RespondsAsIs } from '@aegis/http';
import { Controller, Get, Param } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { htmlPage, inlineCode } from './html-page';

class NoSuchProblem extends DomainError {
  readonly code = 'not_found';

  constructor() {
    super('No error has this code. GET /problems lists them.');
  }
}

/** What the `type` of a problem document (RFC 9457) leads to. */
@ApiTags('System')
@Controller('problems')
@Public()
export class ProblemsController {
  @Get()
  @CacheControl('public, max-age=3600')
  @ApiOperation({ operationId: 'listProblems', summary: 'All error codes' })
  @RespondsAsIs('text/html; charset=utf-8')
  index(): string {
    const rows = Object.entries(PROBLEMS)
      .sort(([, one], [, other]) => one.status - other.status)
      .map(
        ([code, { status, description }]) =>
          `      <dt><a href="problems/${code}"><code>${code}</code></a> (${status})</dt>\n      <dd>${inlineCode(description)}</dd>`,
      );
    return htmlPage(
      'Errors',
      `    <h1>Errors</h1>
    <p>What the member <code>code</code> of an error answer means, and what to do.
    Its <code>detail</code> says more about your request; its <code>request_id</code> finds it in the log.</p>
    <dl>\n${rows.join('\n')}\n    </dl>`,
    );
  }

  @Get(':code')
  @CacheControl('public, max-age=3600')
  @ApiOperation({ operationId: 'getProblem', summary: 'What an error code means, and what to do' })
  @ApiParam({ name: 'code', schema: { type: 'string', enum: Object.keys(PROBLEMS) } })
  @ApiProblems('not_found')
  @RespondsAsIs('text/html; charset=utf-8')
  explain(@Param('code') code: string): string {
    if (!isErrorCode(code)) throw new NoSuchProblem();
    const { status, title, description } = PROBLEMS[code];
    return htmlPage(
      code,
      `    <h1>${inlineCode(title)}</h1>
    <p><code>${code}</code>, HTTP status ${status}</p>
    <p>${inlineCode(description)}</p>
    <p><a href="../problems">All errors</a></p>`,
    );
  }
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(PROBLEMS, code);
}
