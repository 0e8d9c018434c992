export {
  ACTIVATION_TEXTS,
  API_KEY_TEXTS,
  CUSTOMER_TEXTS,
  LICENSE_TEXTS,
  WEBHOOK_TEXTS,
  brokenTexts,
} from './fields';
export type { IdRule } from './ids';
export { API_KEY_ID_RULE, CUSTOMER_ID_RULE, MODULE_NAME_RULE, SIGNING_KEY_ID_RULE, UUID_RULE } from './ids';
export { TIMESTAMP_RULE, isMoment, nearestMoment, parseTimestamp, timestampProblem } from './moments';
export type { TextRule } from './texts';
export { adaptText, normalText, textProblem } from './texts';
