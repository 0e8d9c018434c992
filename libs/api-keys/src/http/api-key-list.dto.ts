import { API_KEY_ID_RULE } from '@aegis/field-rules';
import { PageQueryDto, Pattern } from '@aegis/http';
import { IsOptional } from 'class-validator';
import type { ListApiKeys } from '../api-key-list';

/** Filter of a list of API keys. */
export class ListApiKeysDto extends PageQueryDto implements ListApiKeys {
  /**
   * Id of an API key, also of a deleted one: finds the keys that it made, the keys that those made, and so on. After
   * a leak, delete these keys, too.
   */
  @IsOptional()
  @Pattern(API_KEY_ID_RULE.pattern, API_KEY_ID_RULE.rule)
  made_by?: string;
}
