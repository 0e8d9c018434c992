import { API_KEY_ID_RULE } from '@aegis/field-rules';
import { PageQueryDto, Pattern } from '@aegis/http';
import { IsOptional } from 'class-validator';
import type { ListApiKeys } from '../api-key-list';

/** Filter of a list of API keys. */
export class ListApiKeysDto extends PageQueryDto implements ListApiKeys {
  /**
   * Id of an API key, also of a deleted one: the keys that it made, those that they made, and so on. After a leak these
   * are the keys to delete besides.
   */
  @IsOptional()
  @Pattern(API_KEY_ID_RULE.pattern, API_KEY_ID_RULE.rule)
  made_by?: string;
}
