import { InvalidInput } from '@aegis/errors';
import { assertUrl, urlProblem } from './webhook-url';

describe('the URL of a webhook endpoint', () => {
  it.each([
    'https://receiver.example.com/hooks?source=aegis',
    'https://receiver.example.com',
    'https://receiver.example.com:8443/a@b',
    'https://[2606:4700::1111]/',
    `https://receiver.example.com/${'a'.repeat(2019)}`,
  ])('may be %s', (url) => {
    expect(urlProblem(url, true)).toBeUndefined();
    expect(urlProblem(url, false)).toBeUndefined();
  });

  it('may be http outside of production', () => {
    expect(urlProblem('http://localhost:3000/hooks', false)).toBeUndefined();
    expect(urlProblem('http://localhost:3000/hooks', true)).toMatch(/^must be an https URL/);
  });

  it.each([
    ['a user', 'https://user@receiver.example.com/', /user or password/],
    ['a password', 'https://user:secret@receiver.example.com/', /user or password/],
    ['an empty user', 'https://@receiver.example.com/', /user or password/],
    ['a fragment', 'https://receiver.example.com/#part', /fragment/],
    ['an empty fragment', 'https://receiver.example.com/#', /fragment/],
    ['more than 2048 bytes', `https://receiver.example.com/${'a'.repeat(2020)}`, /2048 bytes/],
    ['more bytes than characters', `https://receiver.example.com/${'ä'.repeat(1010)}`, /2048 bytes/],
    ['white space', 'https://receiver.example.com/ a', /white space/],
    ['a line feed that parsers drop', 'https://receiver.exa\nmple.com/', /white space/],
    ['a backslash that parsers take for a slash', 'https:\\\\receiver.example.com', /white space/],
    ['slashes that are missing', 'https:receiver.example.com', /https/],
    ['another scheme', 'file:///etc/passwd', /https/],
    ['a scheme that runs', 'javascript:alert(1)', /https/],
    ['no scheme', 'receiver.example.com', /https/],
    ['an upper-case scheme', 'HTTPS://receiver.example.com', /https/],
    ['nothing', '', /https/],
    ['an address with a zone', 'https://[fe80::1%25eth0]/', /https/],
  ])('must not have %s', (_, url, rule) => {
    expect(urlProblem(url, true)).toMatch(rule);
    expect(urlProblem(url, false)).toMatch(rule);
  });

  it('is refused with the field and the rule, without the URL', () => {
    let refused: unknown;
    try {
      assertUrl('https://user:hunter2@receiver.example.com/', true);
    } catch (error) {
      refused = error;
    }
    expect(refused).toBeInstanceOf(InvalidInput);
    expect(refused).toMatchObject({
      errors: [{ field: 'url', message: 'must not contain a user or password' }],
    });
    expect(() => {
      assertUrl('https://receiver.example.com/', true);
    }).not.toThrow();
  });
});
