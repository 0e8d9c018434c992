import { CUSTOMER_ID_RULE, type IdRule, MODULE_NAME_RULE, WEBHOOK_TEXTS } from '@aegis/field-rules';
import { ChangedText, MaxLength, MayBeAbsent, ReadableText } from '@aegis/http';
import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Matches,
  Max,
  Min,
} from 'class-validator';
import { DEFAULT_OVERLAP_SECONDS, MAX_OVERLAP_SECONDS } from '../endpoints/endpoint-rotation';
import { EVENT_TYPE_FILTERS } from '../endpoints/event-type-filter';
import type { EndpointSettings, UpdateEndpoint } from '../endpoints/endpoint-settings';

const MOST_IN_A_FILTER = 100;
const LONGEST_URL = 2048;

/** A filter: 1 to 100 different texts, or null for everything. */
function Filter(items: { enum: readonly string[] } | IdRule): PropertyDecorator {
  const isEnum = 'enum' in items;
  return applyDecorators(
    ApiProperty({
      type: 'array',
      items: isEnum
        ? { type: 'string', enum: [...items.enum] }
        : { type: 'string', pattern: items.pattern.source },
      minItems: 1,
      maxItems: MOST_IN_A_FILTER,
      uniqueItems: true,
      nullable: true,
      required: false,
    }),
    IsOptional(),
    IsArray(),
    ArrayMinSize(1),
    ArrayMaxSize(MOST_IN_A_FILTER),
    ArrayUnique(),
    isEnum
      ? IsIn(items.enum, {
          each: true,
          message: 'each entry must be a type of event, or a group of them such as license.*',
        })
      : applyDecorators(
          IsString({ each: true }),
          Matches(items.pattern, { each: true, message: `each entry ${items.rule}` }),
        ),
  );
}

/** What an endpoint gets; all filters must match, and null admits everything. */
class WebhookFiltersDto {
  /**
   * Types of events, or `license.*` for all of a group, also those that are added later. Null: all types.
   * @example ['license.*', 'customer.deleted']
   */
  @Filter({ enum: EVENT_TYPE_FILTERS })
  event_types?: string[] | null;

  /**
   * Only events about licenses for these modules. Null: of all, also events that are about no module.
   * @example ['payroll']
   */
  @Filter(MODULE_NAME_RULE)
  module_names?: string[] | null;

  /**
   * Only events about these customers. Null: of all, also events that are about no customer.
   * @example ['acme']
   */
  @Filter(CUSTOMER_ID_RULE)
  customer_ids?: string[] | null;
}

/** A new webhook. */
export class CreateWebhookDto extends WebhookFiltersDto implements EndpointSettings {
  /**
   * Where events are sent to by POST: `https`, without user, password and fragment, at most 2048 bytes. Outside of
   * production also `http`.
   * @example 'https://shop.example.com/hooks/aegis'
   */
  @ApiProperty({ format: 'uri' })
  @IsString()
  @MaxLength(LONGEST_URL)
  url!: string;

  /** @example 'The shop, which mails renewed licenses' */
  @IsOptional()
  @IsString()
  @ReadableText(WEBHOOK_TEXTS.description)
  description?: string | null;
}

/** Changes to a webhook; what is absent stays, null empties a field. */
export class UpdateWebhookDto extends WebhookFiltersDto implements UpdateEndpoint {
  /**
   * Where events are sent to from now on, also those that wait already.
   * @example 'https://shop.example.com/hooks/aegis'
   */
  @ApiProperty({ format: 'uri', required: false })
  @MayBeAbsent()
  @IsString()
  @MaxLength(LONGEST_URL)
  url?: string;

  /** @example 'The shop, which mails renewed licenses' */
  @IsOptional()
  @IsString()
  @ChangedText(WEBHOOK_TEXTS.description)
  description?: string | null;

  /**
   * An inactive webhook gets nothing, and what waits for it is given up. Activated again, it gets later events; earlier
   * ones can be delivered again, or pulled.
   */
  @MayBeAbsent()
  @IsBoolean()
  is_active?: boolean;
}

/** How a webhook gets its new secret. */
export class RotateWebhookDto {
  /**
   * How long messages are signed with the previous secret and key too, in seconds: a day unless given, at most 7 days.
   * @example 3600
   */
  @ApiProperty({ type: 'integer', required: false, default: DEFAULT_OVERLAP_SECONDS })
  @MayBeAbsent()
  @IsInt()
  @Min(0)
  @Max(MAX_OVERLAP_SECONDS)
  overlap_seconds?: number;
}
