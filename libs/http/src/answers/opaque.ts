import { applyDecorators } from '@nestjs/common';
import { Expose, Transform, Type } from 'class-transformer';

/**
 * Exposes a field of JSON with names of anybody's choice as it is. Without it, class-transformer looks into the value,
 * and takes a member `constructor` for the class to make of it, which fails.
 */
export function Opaque(): PropertyDecorator {
  return applyDecorators(
    Expose(),
    // Nothing of `Object` is exposed, so that nothing of the value is looked at.
    Type(() => Object),
    Transform(({ obj, key }: { obj: Readonly<Record<string, unknown>>; key: string }) => obj[key]),
  );
}
