export { ApiKeysHttpModule } from './api-keys-http.module';
export { ApiKeyGuard } from './http/api-key.guard';
