const IGNORED = 'aegis:ignores-unknown-fields';

/**
 * Drops the fields of a body that its DTO does not declare, where they are refused otherwise. For bodies of callers
 * that can't be changed; does not apply to classes derived from the DTO.
 */
export function IgnoresUnknownFields(): ClassDecorator {
  return (type) => {
    Reflect.defineMetadata(IGNORED, true, type);
  };
}

/** Whether a DTO class is declared so. */
export function ignoresUnknownFields(type: object): boolean {
  return Reflect.hasOwnMetadata(IGNORED, type);
}
