import { instanceFingerprint } from './fingerprint';

describe('instanceFingerprint', () => {
  // Expected values come from sha256sum.
  it.each([
    [
      '0b6d2bb4-3c1e-4d6b-9a55-1f2d3c4b5a69',
      'erp.example.com',
      'sha256:b232f4470671a3860249e88a11bbb22c0fe480fb9a44e22bd37f688f97707e8d',
    ],
    ['db', 'bücher.example', 'sha256:3635a452c4654237ff60f28e32e9f24b23923b30765d80c70975502a6ffdbf7d'],
    ['', '', 'sha256:e7ac0786668e0ff0f02b62bd04f45ff636fd82db63b1104601c975dc005f3a67'],
  ])('hashes %s:%s as deployed clients do', async (dbUuid, domain, fingerprint) => {
    expect(await instanceFingerprint(dbUuid, domain)).toBe(fingerprint);
  });

  it('takes both texts byte for byte', async () => {
    const plain = await instanceFingerprint('db', 'erp.example.com');
    expect(await instanceFingerprint('db', 'ERP.example.com')).not.toBe(plain);
    expect(await instanceFingerprint('db', 'erp.example.com ')).not.toBe(plain);
  });
});
