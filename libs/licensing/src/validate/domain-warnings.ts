/**
 * What in a domain no client ever sends: a fingerprint of it would match no installation. Clients send the bare host
 * name under which they are served.
 * @returns sentences for people; empty when nothing is odd
 */
export function domainWarnings(domain: string): string[] {
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(domain)?.[0] ?? '';
  const rest = domain.slice(scheme.length);
  const odd: [boolean, string][] = [
    [scheme !== '', `has a scheme (${scheme})`],
    [rest.includes('/'), 'has a slash'],
    [/:\d*(\/|$)/.test(rest), 'has a port'],
    [/\p{Lu}/u.test(domain), 'has upper-case letters'],
    [/\s/.test(domain), 'has white space'],
  ];
  return odd
    .filter(([is]) => is)
    .map(
      ([, what]) =>
        `domain ${what}, which no client sends: a license bound to this fingerprint will not be valid anywhere.`,
    );
}
