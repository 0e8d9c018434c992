import { applyDecorators } from '@nestjs/common';
import { Expose, Transform, Type } from 'class-transformer';

const OPAQUE = Symbol('opaque');

/**
 * Exposes a field of JSON with names of anybody's choice as it is. Without it, class-transformer looks into the value,
 * and takes a member `constructor` for the class to make of it, which fails.
 */
export function Opaque(): PropertyDecorator {
  return applyDecorators(
    (target: object, property: string | symbol) => {
      Reflect.defineMetadata(OPAQUE, true, target, property);
    },
    Expose(),
    // Nothing of `Object` is exposed, so that nothing of the value is looked at.
    Type(() => Object),
    Transform(({ obj, key }: { obj: Readonly<Record<string, unknown>>; key: string }) => obj[key]),
  );
}

/** Whether a field of a DTO is exposed as it is. */
export function isOpaque(dto: { prototype: object }, field: string): boolean {
  return Reflect.hasMetadata(OPAQUE, dto.prototype, field);
}
