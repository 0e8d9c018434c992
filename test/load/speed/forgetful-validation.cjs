// Loaded before the built server (`node --require`), this makes every token a new one to it: no signature is remembered.
const { ValidationService } = require('../../../dist/libs/licensing/src/validate/validation.service.js');

ValidationService.prototype.recall = () => undefined;
