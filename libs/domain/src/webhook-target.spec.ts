import { isWebhookAddressAllowed, literalAddressOf, webhookUrlProblem } from './webhook-target';

describe('where webhooks may connect to', () => {
  it.each(['8.8.8.8', '93.184.216.34', '2606:4700:4700::1111', '2a00:1450:4001:830::200e'])(
    '%s',
    (address) => {
      expect(isWebhookAddressAllowed(address, [])).toBe(true);
    },
  );

  it.each([
    ...[
      '0.0.0.0',
      '0.1.2.3',
      '10.0.0.1',
      '127.0.0.1',
      '127.255.255.254',
      '172.16.0.1',
      '172.31.255.255',
      '192.168.1.1',
    ],
    ...['169.254.169.254', '169.254.170.2', '100.64.0.1', '100.100.100.200', '168.63.129.16', '192.0.0.192'],
    ...[
      '192.0.2.1',
      '198.18.0.1',
      '198.51.100.1',
      '203.0.113.1',
      '192.88.99.1',
      '224.0.0.1',
      '239.255.255.255',
    ],
    ...['240.0.0.1', '255.255.255.255', '::', '::1', '::ffff:127.0.0.1', '::ffff:8.8.8.8', '::ffff:7f00:1'],
    ...[
      '::127.0.0.1',
      '::ffff:0:127.0.0.1',
      '64:ff9b::7f00:1',
      '64:ff9b::169.254.169.254',
      '64:ff9b:1::7f00:1',
    ],
    ...[
      '2002:7f00:1::',
      '2001::1',
      '2001:db8::1',
      '3fff::1',
      'fc00::1',
      'fd00:ec2::254',
      'fe80::1',
      'fe80::1%eth0',
    ],
    ...[
      'fec0::1',
      'ff02::1',
      '100::1',
      '5f00::1',
      '4000::1',
      '2001:2::1',
      '2001:20::1',
      '',
      'localhost',
      '8.8.8.8/32',
    ],
  ])('not %s', (address) => {
    expect(isWebhookAddressAllowed(address, [])).toBe(false);
  });

  it('also to networks that the provider allows, and to those only', () => {
    const allowed = ['10.1.0.0/16', 'fd00:1::/32'];
    expect(isWebhookAddressAllowed('10.1.2.3', allowed)).toBe(true);
    expect(isWebhookAddressAllowed('fd00:1::7', allowed)).toBe(true);
    expect(isWebhookAddressAllowed('10.2.0.1', allowed)).toBe(false);
    expect(isWebhookAddressAllowed('::ffff:10.1.2.3', allowed)).toBe(false);
    expect(isWebhookAddressAllowed('fd00:2::7', allowed)).toBe(false);
  });
});

describe('URLs of webhooks', () => {
  it.each([
    'https://example.com/hook?x=1',
    'http://hooks.example.com:8080/a',
    'https://8.8.8.8/',
    'https://[2606:4700:4700::1111]:8443/x',
    'https://xn--bcher-kva.example/',
    'https://bücher.example/',
    'https://intranet/hook',
  ])('takes %s', (url) => expect(webhookUrlProblem(url, [])).toBeNull());

  it.each([
    ...['http://127.0.0.1/', 'http://127.1/', 'http://0x7f.1/', 'http://2130706433/', 'http://0177.0.0.1/'],
    ...[
      'http://0/',
      'http://127.0.0.1./',
      'http://[::1]/',
      'http://[::ffff:127.0.0.1]/',
      'http://[::ffff:7f00:1]/',
    ],
    ...[
      'http://１２７.０.０.１/',
      'http://127。0。0。1/',
      'http://①②⑦.0.0.1/',
      'http://169.254.169.254/latest/meta-data',
    ],
    ...[
      'http://0xa9fea9fe/',
      'http://2852039166/',
      'http://[64:ff9b::a9fe:a9fe]/',
      'http://[fd00:ec2::254]/',
    ],
    ...['http://10.0.0.1:22/', 'http://[::]/', 'http://[2002:7f00:1::]/', 'https://100.100.100.200/'],
    ...['https://user@example.com/', 'https://user:pw@example.com/', 'https://:pw@example.com/'],
    ...['https://8.8.8.8@127.0.0.1/', 'https://example.com#@127.0.0.1/', 'https://example.com/#x'],
    ...[
      'ftp://example.com/',
      'file:///etc/passwd',
      'gopher://example.com/',
      'javascript:alert(1)',
      'data:,x',
    ],
    ...[
      'unix:/run/docker.sock',
      'example.com',
      '//example.com',
      'https://',
      'https:///',
      '',
      'https://exa mple.com/',
    ],
    ...[
      'https://example.com/\r\nHost: x',
      'https://example.com\t.evil/',
      'https://example.com:0/',
      'https://example.com:99999/',
    ],
    ...[
      `https://${'a'.repeat(64)}.com/`,
      'https://a..b/',
      'http://[fe80::1%25eth0]/',
      'http://127.0.0.1\\@example.com/',
    ],
  ])('refuses %j', (url) => expect(webhookUrlProblem(url, [])).not.toBeNull());

  it('takes an address of an allowed network, however it is written', () => {
    expect(webhookUrlProblem('http://0x7f.1:9000/', ['127.0.0.0/8'])).toBeNull();
    expect(webhookUrlProblem('http://[::1]/', ['127.0.0.0/8'])).not.toBeNull();
  });

  it('tells literal addresses from names', () => {
    expect(literalAddressOf(new URL('http://[::1]/'))).toBe('::1');
    expect(literalAddressOf(new URL('http://2130706433/'))).toBe('127.0.0.1');
    expect(literalAddressOf(new URL('http://example.com/'))).toBeNull();
  });
});
