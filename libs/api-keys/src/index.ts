export { ApiKey } from './api-key.entity';
export { ApiKeyList } from './api-key-list';
export { ApiKeysHttpModule } from './api-keys-http.module';
export { ApiKeysModule } from './api-keys.module';
export { ApiKeysService } from './api-keys.service';
export type { CreateApiKey, CreatedApiKey } from './api-keys.service';
export {
  ApiKeyNotFound,
  AuthenticationUnavailable,
  ConflictingCredentials,
  ExpiryInThePast,
  InsufficientScope,
  LastAdminKey,
  ScopeEscalation,
  Unauthorized,
} from './api-keys.errors';
export { ApiKeyGuard } from './http/api-key.guard';
