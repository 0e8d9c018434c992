import { requireCallerInForce } from '@aegis/database';
import { currentRequest } from '@aegis/logging';
import { StreamableFile, type Type } from '@nestjs/common';
import type { Request } from 'express';
import { Readable } from 'node:stream';
import type { ObjectLiteral } from 'typeorm';
import { cutOff } from '../edge/cut-off';
import { listLines, listPage, type ListSource, STREAM_TYPES } from '@aegis/lists';
import { type OpenStream, OpenStreams } from './open-streams';
import type { PageQueryDto } from '../input/page-query.dto';
import { type Page, pageOf } from './page.dto';
import { InvalidInput } from '@aegis/errors';

const openStreams = new OpenStreams();

/**
 * Answers a list in the form that the caller accepts: a page as JSON, or the whole list as a stream of CSV or NDJSON.
 * The stream is cut off when its caller is no longer valid, or reads too slowly.
 * @param name field that contains the rows of a page
 * @param RowDto the fields of a row that are sent
 * @throws InvalidInput for a cursor of another list, or a page asked for of a stream; RateLimited when too many
 * streams are open
 */
export async function answerList<Row extends ObjectLiteral, Name extends string>(
  request: Request,
  name: Name,
  query: PageQueryDto,
  source: ListSource<Row>,
  RowDto: Type<object>,
): Promise<Page<Row, Name> | StreamableFile> {
  const accepted = request.accepts(['application/json', ...STREAM_TYPES]);
  const type = STREAM_TYPES.find((offered) => offered === accepted);
  if (type === undefined) return pageOf(name, query, await listPage(source, query));
  const asked = (['page', 'cursor'] as const).filter((field) => query[field] !== undefined);
  if (asked.length > 0)
    throw new InvalidInput(
      asked.map((field) => ({ field, message: `must be absent: ${type} has the whole list` })),
    );
  const caller = currentRequest()?.caller;
  const judge = async (): Promise<void> => {
    await requireCallerInForce(source.rows.dataSource, caller);
  };
  const { res: response } = request;
  if (response === undefined) throw new Error('a request without its response');
  const stream = openStreams.open(currentRequest()?.apiKeyId ?? 'without a key', response);
  return streamed(listLines(source, RowDto, type, judge, query.formulas), type, name, stream);
}

/** The first rows are read before the answer begins, so that a failure can still be reported as one. */
async function streamed(
  lines: AsyncGenerator<Buffer>,
  type: string,
  name: string,
  stream: OpenStream,
): Promise<StreamableFile> {
  const first = await lines.next();
  async function* all(): AsyncGenerator<Buffer> {
    if (first.done !== true) yield first.value;
    yield* lines;
  }
  const extension = type === 'text/csv' ? 'csv' : 'ndjson';
  return new StreamableFile(Readable.from(stream.paced(all()), { objectMode: false }), {
    type: `${type}; charset=utf-8`,
    disposition: `attachment; filename="${name}.${extension}"`,
  }).setErrorHandler((_error, response) => {
    // Half a list must not look like a whole one.
    cutOff(response);
  });
}
