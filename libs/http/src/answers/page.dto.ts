import type { Type } from '@nestjs/common';
import { ApiExtraModels, ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Expose, Type as TypeOf } from 'class-transformer';
import type { Rows } from '@aegis/lists';
import type { PageQueryDto } from '../input/page-query.dto';

/** What every page says besides its rows. */
interface PageFacts {
  total: number;
  total_is_estimate?: true;
  page: number | null;
  page_size: number;
  total_pages: number;
  next_cursor: string | null;
}

class PageFactsDto implements PageFacts {
  /** Rows of the whole list. */
  @Expose()
  @ApiProperty({ type: 'integer', description: 'Rows of the whole list.' })
  total!: number;

  /** Whether `total` is an estimate, as it may be from 1,000 rows on. */
  @Expose()
  @ApiPropertyOptional({ type: Boolean, description: 'Whether `total` is an estimate.' })
  total_is_estimate?: true;

  /** Number of this page; null where a cursor was followed. */
  @Expose()
  @ApiProperty({ type: 'integer', nullable: true, description: 'Null when `cursor` was used.' })
  page!: number | null;

  /** Rows per page. */
  @Expose()
  @ApiProperty({ type: 'integer', description: 'Rows per page.' })
  page_size!: number;

  /** Pages of the whole list. */
  @Expose()
  @ApiProperty({ type: 'integer', description: 'Pages of the whole list.' })
  total_pages!: number;

  /** `cursor` of the next page; null on the last. */
  @Expose()
  @ApiProperty({ type: String, nullable: true, description: '`cursor` of the next page; null on the last.' })
  next_cursor!: string | null;
}

/** A page whose rows are in the field `Name`. */
export type Page<Row, Name extends string> = PageFacts & Record<Name, Row[]>;

/**
 * Makes the DTO class of a list: `export const CustomerPageDto = PageDto(CustomerDto, 'customers')`.
 * @param RowDto DTO of a row
 * @param name field that holds the rows
 */
export function PageDto<Row extends object, Name extends string>(
  RowDto: Type<Row>,
  name: Name,
): Type<Page<Row, Name>> {
  class ListPageDto extends PageFactsDto {}
  Object.defineProperty(ListPageDto, 'name', { value: `${RowDto.name.replace(/Dto$/, '')}PageDto` });
  ApiExtraModels(RowDto)(ListPageDto);
  Expose()(ListPageDto.prototype, name);
  TypeOf(() => RowDto)(ListPageDto.prototype, name);
  ApiProperty({ type: [RowDto] })(ListPageDto.prototype, name);
  return ListPageDto as unknown as Type<Page<Row, Name>>;
}

/**
 * Puts a page together for a handler to return.
 * @param name field that holds the rows, as in the DTO
 * @param query what was asked for
 */
export function pageOf<Row, Name extends string>(
  name: Name,
  query: PageQueryDto,
  { rows, total, totalIsEstimate = false, nextCursor }: Rows<Row>,
): Page<Row, Name> {
  const facts: PageFacts = {
    total,
    ...(totalIsEstimate && { total_is_estimate: true as const }),
    page: query.cursor === undefined ? (query.page ?? 1) : null,
    page_size: query.page_size,
    total_pages: Math.ceil(total / query.page_size),
    next_cursor: nextCursor,
  };
  return { ...facts, [name]: [...rows] } as Page<Row, Name>;
}
