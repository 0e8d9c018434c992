import { EVENT_TYPES } from '@aegis/audit';
import Ajv from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { dataExample, dataSchema, EVENT_KINDS, EVENT_NAMES } from './event-kinds';
import { SOURCE_TYPES } from '../sequencing/event-of-record';

/** Records that are no change, that one event of an import sums up, or that are about the delivery of events itself. */
const MAKE_NONE = [
  'license.imported',
  'license.validated',
  'session.created',
  'session.ended',
  ...webhookTypes(),
];

function webhookTypes(): string[] {
  return EVENT_TYPES.filter((type) => type.startsWith('webhook.'));
}

describe('the catalogue of events', () => {
  it('has an event for each change that is on record', () => {
    const changes = EVENT_TYPES.filter((type) => !type.startsWith('audit_log.') && !MAKE_NONE.includes(type));
    expect(changes.filter((type) => !SOURCE_TYPES.includes(type))).toEqual([]);
  });

  it.each(EVENT_NAMES)('has an example of %s that its schema admits', (name) => {
    const ajv = new Ajv({ strict: true, allowUnionTypes: true });
    addFormats(ajv);
    const validate = ajv.compile(dataSchema(name));
    expect(validate(dataExample(name)) || validate.errors).toBe(true);
    expect(EVENT_KINDS[name].summary).toMatch(/[.]$/);
  });

  it.each(EVENT_NAMES)('names no field of %s after what no event says', (name) => {
    const names = Object.keys(dataExample(name));
    expect(
      names.filter((field) => /^(name|email|address|notes|reason|token|ip|user_agent)/.test(field)),
    ).toEqual([]);
  });
});
