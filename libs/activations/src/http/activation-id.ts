import { UUID_RULE } from '@aegis/field-rules';
import { PathId } from '@aegis/http';

/**
 * Gives a handler the activation of the path, checked, documented, and named in the access log.
 * @param name of the parameter in the path
 */
export const AnActivationId = (name = 'id'): ParameterDecorator =>
  PathId(UUID_RULE, { name, loggedAs: 'activation_id' });
