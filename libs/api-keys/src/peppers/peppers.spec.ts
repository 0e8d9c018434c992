import { Peppers } from './peppers';

const KEY = 'aegis_test_000000000000_key';
const V1 = 'v1:first-secret-of-more-than-32-characters';
const V2 = 'v2:second:secret-of-more-than-32-characters';
// Computed apart, with Python's hmac.
const HASH_V1 = Buffer.from('01bb2c2bef17c93e48e416fe4461a65a130edd34372c0913596046d2b8c11c01', 'hex');
const HASH_V2 = Buffer.from('4c1fb370b5d031ee61645d69b97900ff813cf7b1a8d8241a340d899f949ec32c', 'hex');

describe('Peppers', () => {
  it('hashes with HMAC-SHA256 under the first pepper of the list', () => {
    expect(new Peppers([V1]).hash(KEY)).toEqual({ pepperVersion: 'v1', hash: HASH_V1 });
    expect(new Peppers([V2, V1]).hash(KEY)).toEqual({ pepperVersion: 'v2', hash: HASH_V2 });
  });

  it('recognises keys hashed under the current and under an older pepper', () => {
    const peppers = new Peppers([V2, V1]);
    expect(peppers.matches(KEY, { pepperVersion: 'v2', hash: HASH_V2 })).toBe(true);
    expect(peppers.matches(KEY, { pepperVersion: 'v1', hash: HASH_V1 })).toBe(true);
  });

  it('refuses another key, and a hash under the name of another pepper', () => {
    const peppers = new Peppers([V2, V1]);
    expect(peppers.matches(`${KEY}2`, { pepperVersion: 'v1', hash: HASH_V1 })).toBe(false);
    expect(peppers.matches(KEY, { pepperVersion: 'v2', hash: HASH_V1 })).toBe(false);
  });

  it('refuses a hash whose pepper is no longer known, even if the current one would make it', () => {
    const peppers = new Peppers([V2]);
    expect(peppers.matches(KEY, { pepperVersion: 'v1', hash: HASH_V1 })).toBe(false);
    expect(peppers.matches(KEY, { pepperVersion: 'v1', hash: HASH_V2 })).toBe(false);
  });

  it('refuses every key where nothing is stored', () => {
    expect(new Peppers([V1]).matches(KEY, undefined)).toBe(false);
  });

  it('refuses to be without a pepper', () => {
    expect(() => new Peppers([])).toThrow('there must be a pepper');
  });
});
