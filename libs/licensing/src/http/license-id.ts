import { UUID_RULE } from '@aegis/field-rules';
import { PathId } from '@aegis/http';

/** Gives a handler the license of the path `…/{id}`, checked, documented, and named in the access log. */
export const LicenseId = (): ParameterDecorator => PathId(UUID_RULE, { loggedAs: 'license_id' });
