export { countOldValidationCounts, removeOldValidationCounts } from './old-validation-counts';
