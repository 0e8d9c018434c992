import { InvalidInput } from '@aegis/errors';
import type { IdRule } from '@aegis/field-rules';
import { addAccessFields } from '@aegis/logging';
import { type ArgumentMetadata, Param, type PipeTransform } from '@nestjs/common';
import { ApiParam } from '@nestjs/swagger';

interface PathIdOptions {
  name?: string;
  loggedAs?: string;
}

/**
 * Gives a handler an id from the path, checks it, and describes it in the OpenAPI document by the same rule.
 *
 *     find(@PathId(UUID_RULE) id: string)
 *
 * A UUID is handed on in lower case. An id that breaks the rule is answered with 422.
 * @param name of the parameter in the path
 * @param loggedAs the access log has the id under this name, once it is known to keep the rule; by default it does not
 */
export function PathId(rule: IdRule, { name = 'id', loggedAs }: PathIdOptions = {}): ParameterDecorator {
  const take = Param(name, new ParsePathId(rule, loggedAs));
  const describe = ApiParam({
    name,
    schema: { type: 'string', ...(rule.format ? { format: rule.format } : { pattern: rule.pattern.source }) },
  });
  return (controller, method, index) => {
    if (method === undefined) throw new TypeError('@PathId() stands before an argument of a method');
    take(controller, method, index);
    const handler = Object.getOwnPropertyDescriptor(controller, method);
    if (handler === undefined) throw new TypeError(`${String(method)} is not a method`);
    describe(controller, method, handler);
  };
}

class ParsePathId implements PipeTransform<string, string> {
  constructor(
    private readonly id: IdRule,
    private readonly loggedAs: string | undefined,
  ) {}

  /** @throws InvalidInput naming the parameter and the rule (422) */
  transform(value: string, { data }: ArgumentMetadata): string {
    const { pattern, rule, format } = this.id;
    if (!pattern.test(value)) throw new InvalidInput([{ field: data ?? 'id', message: rule }]);
    const id = format === 'uuid' ? value.toLowerCase() : value;
    if (this.loggedAs !== undefined) addAccessFields({ [this.loggedAs]: id });
    return id;
  }
}
