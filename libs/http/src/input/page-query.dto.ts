import { ApiPropertyOptional } from '@nestjs/swagger';
import { Expose } from 'class-transformer';
import {
  IsIn,
  IsOptional,
  IsString,
  MaxLength,
  registerDecorator,
  type ValidationArguments,
} from 'class-validator';
import { FORMULAS, type Formulas, MAX_CURSOR_LENGTH, type PageQuery } from '@aegis/lists';
import { QueryInteger } from './input-fields';

const MAX_PAGE = 1_000_000_000;
const MAX_PAGE_SIZE = 100;
const DEFAULT_PAGE_SIZE = 50;
/** Beyond, a page costs the database more the deeper it is. */
const MAX_OFFSET = 10_000;

function WithinReach(): PropertyDecorator {
  const problem = ({ object }: ValidationArguments): string | null => {
    const { page, page_size: size, cursor } = object as PageQueryDto;
    if (page === undefined) return null;
    if (cursor !== undefined) return 'must not be given together with cursor';
    const reaches = typeof page !== 'number' || typeof size !== 'number' || (page - 1) * size < MAX_OFFSET;
    return reaches
      ? null
      : `must begin within the first ${MAX_OFFSET} rows; continue with cursor=<next_cursor>`;
  };
  return (target, property) => {
    registerDecorator({
      name: 'withinReach',
      target: target.constructor,
      propertyName: String(property),
      validator: {
        validate: (_value, facts) => facts === undefined || problem(facts) === null,
        defaultMessage: (facts) => (facts && problem(facts)) ?? '',
      },
    });
  };
}

/** What every list takes: a page by number, or the next one by cursor. Lists add their filters by extending it. */
export class PageQueryDto implements PageQuery {
  /** Number of the page, from 1 on. Not together with `cursor`. */
  @Expose()
  @QueryInteger({ min: 1, max: MAX_PAGE })
  @WithinReach()
  page?: number;

  /** Rows per page. */
  @Expose()
  @QueryInteger({ min: 1, max: MAX_PAGE_SIZE })
  page_size: number = DEFAULT_PAGE_SIZE;

  /** `next_cursor` of the previous answer. The cost does not grow with the number of pages. */
  @Expose()
  @ApiPropertyOptional({ type: String })
  @IsOptional()
  @IsString({ message: 'must be the next_cursor of an earlier answer' })
  @MaxLength(MAX_CURSOR_LENGTH, { message: 'must be the next_cursor of an earlier answer' })
  cursor?: string;

  /**
   * Only for `text/csv`. `escaped`: an apostrophe precedes each text that a spreadsheet would run as a formula (= + -
   * @ or their full-width forms, also after white space, tab or CR first; not a plain number or a phone number).
   * `raw`: the exact text, for programs.
   */
  @Expose()
  @ApiPropertyOptional({ enum: FORMULAS, default: 'escaped' })
  @IsOptional()
  @IsIn(FORMULAS)
  formulas?: Formulas;
}
