import { RecordedValidations, type TokenVerdict } from './recorded-validations';

const verdict = (token: string, code: TokenVerdict['code']): TokenVerdict => ({
  sha256: Buffer.from(token),
  code,
});
const valid = verdict('a', 'VALID');
const expired = verdict('a', 'EXPIRED');
const other = verdict('b', 'VALID');

describe('the validations that are recorded', () => {
  it('are all', () => {
    const recorded = new RecordedValidations('all');
    recorded.remember([valid]);
    expect(recorded.choose([valid, valid, expired])).toEqual([valid, valid, expired]);
  });

  it('are the failed ones', () => {
    const recorded = new RecordedValidations('failures');
    const revoked = verdict('b', 'REVOKED');
    expect(recorded.choose([valid, expired, other, revoked])).toEqual([expired, revoked]);
  });

  it('are those whose verdict differs from the last one of the same token, also within a batch', () => {
    const recorded = new RecordedValidations('changes');
    const first = [valid, other, valid, expired, expired, valid];
    expect(recorded.choose(first)).toEqual([valid, other, expired, valid]);
    recorded.remember(first);
    expect(recorded.choose([valid, other, expired])).toEqual([expired]);
  });

  it('are those that refuse something else than the last one of their token, also within a batch', () => {
    const recorded = new RecordedValidations('changes');
    const refused = (installation: string): TokenVerdict => ({
      ...verdict('a', 'INSTANCE_MISMATCH'),
      asked: { instance_fingerprint: installation },
    });
    const [one, another] = [refused('one'), refused('another')];
    const first = [one, one, another, { ...another }];
    expect(recorded.choose(first)).toEqual([one, another]);
    recorded.remember(first);
    expect(recorded.choose([refused('another'), refused('third')])).toEqual([refused('third')]);
  });

  it('include the next one of a token whose record could not be written', () => {
    const recorded = new RecordedValidations('changes');
    recorded.choose([valid]);
    expect(recorded.choose([valid])).toEqual([valid]);
  });

  it('include the next one of the token that was unused for longest', () => {
    const recorded = new RecordedValidations('changes', 2);
    recorded.remember([valid, other]);
    recorded.remember([valid, verdict('c', 'VALID')]);
    expect(recorded.choose([valid, other, verdict('c', 'VALID')])).toEqual([other]);
  });
});
