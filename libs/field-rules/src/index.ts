export { API_KEY_TEXTS, brokenTexts, CUSTOMER_TEXTS, LICENSE_TEXTS } from './fields';
export type { BrokenField } from './fields';
export { API_KEY_ID_RULE, CUSTOMER_ID_RULE, MODULE_NAME_RULE, UUID } from './ids';
export type { IdRule } from './ids';
export {
  isMoment,
  nearestMoment,
  MOMENT_RULE,
  parseTimestamp,
  TIMESTAMP_RULE,
  timestampProblem,
} from './moments';
export { adaptText, normalText, textProblem } from './texts';
export type { AdaptedText, TextRule } from './texts';
