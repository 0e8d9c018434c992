export { IdempotencyModule } from './idempotency.module';
export type { Idempotence } from './idempotent-requests';
export { IdempotentRequests } from './idempotent-requests';
export { keyedRequest } from './keyed-request';
export { forgetAnswersAbout, rememberedAnswersByPepper } from './remembered-answers';
