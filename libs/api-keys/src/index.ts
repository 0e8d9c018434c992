export { ApiKey } from './api-key.entity';
export { ApiKeyList } from './api-key-list';
export { ApiKeyRotation, MAX_GRACE_SECONDS } from './api-key-rotation';
export { ApiKeysHttpModule } from './api-keys-http.module';
export { ApiKeysModule } from './api-keys.module';
export { ApiKeysService } from './api-keys.service';
export type { ChangeOptions, CreateApiKey, CreatedApiKey, UpdateApiKey } from './api-keys.service';
export {
  ApiKeyNotFound,
  AuthenticationUnavailable,
  ConflictingCredentials,
  ExpiryInThePast,
  InsufficientScope,
  LastAdminKey,
  LimitEscalation,
  ScopeEscalation,
  SecretReplaced,
  Unauthorized,
} from './api-keys.errors';
export { COMMAND_LINE } from './key-holder';
export type { KeyBounds, KeyHolder } from './key-holder';
export { ApiKeyGuard } from './http/api-key.guard';
export { PepperChecks } from './pepper-checks';
export { PepperUse } from './pepper-use';
export type { KeyUnderOldPepper, UseOfPepper } from './pepper-use';
