export { countOldActivity, removeOldActivity } from './activity/old-activity';
export { countOldValidationCounts, removeOldValidationCounts } from './old-validation-counts';
