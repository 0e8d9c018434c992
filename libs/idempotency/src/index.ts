export { IdempotencyModule } from './idempotency.module';
export type { Idempotence, Performance } from './idempotent-requests';
export { IdempotentRequests } from './idempotent-requests';
export { IDEMPOTENCY_KEY, keyedRequest, LONGEST_IDEMPOTENCY_KEY } from './keyed-request';
export { forgetAnswersAbout, rememberedAnswersByPepper } from './remembered-answers';
export type { Reply } from './reply';
export { countExpiredAnswers, removeExpiredAnswers } from './remove-expired-answers';
