import type { LeafFields } from '@aegis/checkpoints';
import { isRestriction, otherRestriction } from './restrictions';

const LICENSE = '7a51f2f0-3f0e-4c5e-9a53-0d5e1c2b7f10';

function record(type: string, data: object): LeafFields {
  return {
    id: '1',
    event_type: type,
    license_id: type.startsWith('license.') ? LICENSE : null,
    customer_id: 'acme',
    event_data: JSON.stringify(data),
  } as LeafFields;
}

describe('what a record takes away', () => {
  it.each<[string, object, string]>([
    ['license.reissued', { superseded: true }, LICENSE],
    ['license.renewed', { superseded: true }, LICENSE],
    ['customer.updated', { fields: ['is_active'], is_active: false }, 'acme'],
    ['customer.deleted', {}, 'acme'],
    ['api_key.deleted', { id: 'k' }, 'k'],
    ['api_key.rotated', { id: 'k', fields: ['key'], grace_seconds: 0 }, 'k'],
    ['api_key.updated', { id: 'k', fields: ['scopes'], scopes: ['licenses:read'] }, 'k'],
    ['api_key.updated', { id: 'k', fields: ['expires_at'], expires_at: '2026-12-01T00:00:00.000Z' }, 'k'],
    ['api_key.updated', { id: 'k', fields: ['previous_valid_until'] }, 'k'],
    ['api_key.updated', { id: 'k', fields: ['name', 'is_active'], is_active: false }, 'k'],
    ['signing_key.compromised', { kid: 'k' }, 'k'],
    ['webhook.deleted', { id: 'w' }, 'w'],
    ['webhook.disabled', { id: 'w', reason: 'gone' }, 'w'],
    ['webhook.rotated', { id: 'w' }, 'w'],
    ['webhook.updated', { id: 'w', fields: ['is_active'], is_active: false }, 'w'],
    ['activation.ended', { activation_id: 'a', ended_by: 'ended' }, 'a'],
  ])('is named: %s %j', (type, data, subject) => {
    expect(otherRestriction(record(type, data))).toMatchObject({ type, subject });
  });

  it.each<[string, object]>([
    ['license.reissued', { superseded: false }],
    ['license.renewed', { superseded: false }],
    ['license.renewed', {}],
    ['license.issued', {}],
    ['customer.updated', { fields: ['is_active'], is_active: true }],
    ['customer.updated', { fields: ['name'] }],
    ['api_key.created', { id: 'k' }],
    ['webhook.created', { id: 'w' }],
    ['webhook.updated', { id: 'w', fields: ['is_active'], is_active: true }],
    ['webhook.updated', { id: 'w', fields: ['url'] }],
    ['activation.ended', { activation_id: 'a', ended_by: 'released' }],
    ['activation.ended', { activation_id: 'a', ended_by: 'lease' }],
    ['activation.ended', { ended_by: 'ended', count: 3 }],
    ['activation.taken_over', { activation_id: 'a' }],
    ['api_key.updated', { id: 'k', fields: ['name'] }],
    ['api_key.updated', { id: 'k', fields: ['is_active'], is_active: true }],
    ['api_key.updated', { id: 'k' }],
  ])('is nothing: %s %j', (type, data) => {
    expect(otherRestriction(record(type, data))).toBeUndefined();
  });

  it('takes effect without proof only if it does nothing else', () => {
    const alone = [
      'customer.updated',
      'api_key.deleted',
      'signing_key.compromised',
      'webhook.deleted',
      'webhook.disabled',
    ];
    const data = { id: 'k', kid: 'k', superseded: true, fields: ['is_active', 'scopes'], is_active: false };
    for (const type of [
      ...alone,
      'license.renewed',
      'license.reissued',
      'api_key.rotated',
      'api_key.updated',
      'webhook.rotated',
      'webhook.updated',
    ])
      expect(otherRestriction(record(type, data))?.isAlone).toBe(alone.includes(type));
    expect(isRestriction(record('license.revoked', {}))).toBe(true);
  });
});
