import { AddressRules } from './address-rules';

const FORBIDDEN: readonly [what: string, addresses: readonly string[]][] = [
  ['this host', ['0.0.0.0', '0.1.2.3', '::']],
  ['loopback', ['127.0.0.1', '127.255.255.254', '::1']],
  [
    'private networks',
    ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.0.1', 'fc00::1', 'fd12:3456::1'],
  ],
  ['the link', ['169.254.1.1', 'fe80::1', 'fe80::1%eth0', '2606:4700::1%1']],
  [
    'the metadata of clouds',
    ['169.254.169.254', '169.254.170.2', 'fd00:ec2::254', '168.63.129.16', '100.100.100.200', '192.0.0.192'],
  ],
  ['the provider', ['100.64.0.1', '100.127.255.255']],
  ['many at once', ['224.0.0.1', '239.255.255.255', '255.255.255.255', 'ff02::1', 'ff0e::1']],
  [
    'reserved networks',
    [
      '192.0.2.1',
      '198.51.100.1',
      '203.0.113.1',
      '198.18.0.1',
      '192.88.99.1',
      '240.0.0.1',
      '2001:db8::1',
      '3fff::1',
      '100::1',
      'fec0::1',
      '5f00::1',
      '4000::1',
      '2001:2::1',
      '2001:10::1',
      '2001:20::1',
    ],
  ],
  [
    'an IPv4-mapped address',
    ['::ffff:127.0.0.1', '::ffff:10.0.0.1', '::ffff:a9fe:a9fe', '::ffff:168.63.129.16'],
  ],
  ['an IPv4-compatible address', ['::127.0.0.1', '::8.8.8.8', '::a9fe:a9fe']],
  ['an IPv4-translated address', ['::ffff:0:127.0.0.1', '::ffff:0:8.8.8.8']],
  ['NAT64', ['64:ff9b::10.0.0.1', '64:ff9b::a9fe:a9fe', '64:ff9b:1::8.8.8.8', '64:ff9b:1::10.0.0.1']],
  ['6to4', ['2002:7f00:1::', '2002:a9fe:a9fe::1', '2002:808:808::1']],
  ['Teredo', ['2001:0:4136:e378:8000:63bf:3fff:fdd2', '2001::f5ff:fffe']],
  ['ISATAP', ['2606:4700::5efe:10.0.0.1', '2606:4700::200:5efe:808:808']],
  [
    'what is not an address in its usual notation',
    [
      '',
      'localhost',
      '2130706433',
      '0x7f000001',
      '0177.0.0.1',
      '127.1',
      '010.8.8.8',
      '8.8.8.8/32',
      '[::1]',
      ' 8.8.8.8',
    ],
  ],
];

describe('the addresses that webhooks may be sent to', () => {
  const rules = new AddressRules([], false);

  it.each(FORBIDDEN)('do not include %s', (_, addresses) => {
    expect(addresses.filter((address) => rules.judge(address) !== 'forbidden')).toEqual([]);
  });

  it.each([
    '8.8.8.8',
    '1.1.1.1',
    '172.15.255.255',
    '172.32.0.1',
    '100.63.255.255',
    '100.128.0.1',
    '168.63.129.15',
    '2606:4700:4700::1111',
    '2a00:1450::5eff:8.8.8.8',
    '::ffff:8.8.8.8',
    '64:ff9b::8.8.8.8',
  ])('include %s', (address) => {
    expect(rules.judge(address)).toBe('allowed');
  });

  it('include loopback outside of production, and nothing else that is not public', () => {
    const development = new AddressRules([], true);
    for (const address of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])
      expect(development.judge(address)).toBe('allowed');
    for (const address of ['10.0.0.1', '169.254.169.254', '0.0.0.0', '::', 'fe80::1', '::127.0.0.1'])
      expect(development.judge(address)).toBe('forbidden');
  });

  it('include the networks that the operator opens, however IPv6 carries them, and no neighbours', () => {
    const opened = new AddressRules(['10.20.0.0/16', '192.168.7.7', 'fd12:3456::/32', 'fd00::7'], false);
    for (const address of [
      '10.20.0.1',
      '10.20.255.255',
      '192.168.7.7',
      '::ffff:10.20.0.1',
      '64:ff9b::10.20.0.1',
      'fd12:3456:1::1',
      'fd00::7',
    ])
      expect([address, opened.judge(address)]).toEqual([address, 'opened']);
    for (const address of [
      '10.21.0.1',
      '10.19.255.255',
      '192.168.7.8',
      '169.254.169.254',
      '127.0.0.1',
      '::10.20.0.1',
      '2002:a14:1::1',
      'fd12:3457::1',
      'fd00::8',
      'fd12:3456::1%eth0',
    ])
      expect([address, opened.judge(address)]).toEqual([address, 'forbidden']);
    // What everyone may reach is not opened by the setting, so its answers are shown.
    expect(new AddressRules(['8.8.8.0/24'], false).judge('8.8.8.8')).toBe('allowed');
  });
});
