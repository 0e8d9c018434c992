// Loaded before the built server (`node --require`), this makes of its validation what one writes first: verify the
// signature, one select, one insert, answer. Guards, limits, log, pool and prepared statements stay the server's own;
// what it leaves out is the batching of statements and the memory of signatures.
const { ValidationService } = require('../../../dist/libs/licensing/src/validate/validation.service.js');

const { prototype } = ValidationService;
const { validate } = prototype;
prototype.recall = () => undefined;
prototype.validate = function (actor, input) {
  this.batch = {
    add: async (question) => {
      const [verdict] = await this.answer([question]);
      return verdict;
    },
  };
  return validate.call(this, actor, input);
};
