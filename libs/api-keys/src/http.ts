export { ApiKeysHttpModule } from './api-keys-http.module';
export { ApiKeyGuard } from './http/api-key.guard';
export { ApiKeyIdentification } from './http/api-key-identification';
export { OriginRefused } from './api-keys.errors';
