import { UUID_RULE } from '@aegis/field-rules';
import { Injectable, type ArgumentMetadata, type PipeTransform } from '@nestjs/common';
import { InvalidInput } from '@aegis/errors';

/** Checks an id in the path: `@Param('id', new ParsePathId(CUSTOMER_ID, 'must be …')) id: string`. */
@Injectable()
export class ParsePathId implements PipeTransform<string, string> {
  /**
   * @param pattern what the id looks like; anchored at both ends, without the flag g
   * @param rule the same in words, beginning with "must"
   */
  constructor(
    private readonly pattern: RegExp,
    private readonly rule: string,
  ) {}

  /** @throws InvalidInput naming the parameter and the rule (422) */
  transform(value: string, { data }: ArgumentMetadata): string {
    if (this.pattern.test(value)) return value;
    throw new InvalidInput([{ field: data ?? 'id', message: this.rule }]);
  }
}

/** Checks a UUID in the path (RFC 9562, any version) and hands it on in lower case. */
@Injectable()
export class ParsePathUuid extends ParsePathId {
  constructor() {
    super(UUID_RULE.pattern, UUID_RULE.rule);
  }

  override transform(value: string, metadata: ArgumentMetadata): string {
    return super.transform(value, metadata).toLowerCase();
  }
}
