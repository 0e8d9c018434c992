import type { FuzzRequest } from './requests';

/** Values for the places that a request leaves open, by name. */
export type Known = Readonly<Record<string, string>>;

/** The request as it goes over the wire. @param known for each `{{name}}` */
export function bytesOf({ method, target, headers, body }: FuzzRequest, known: Known): Buffer {
  const fill = (text: string): string =>
    text.replace(/\{\{(\w+)\}\}/g, (whole, name: string) => known[name] ?? whole);
  const content = body === undefined ? undefined : fill(body);
  const lines = [
    `${method} ${fill(target)} HTTP/1.1`,
    'Host: license.example.com',
    ...headers.map(([name, value]) => `${name}: ${fill(value)}`),
    ...(content === undefined ? [] : [`Content-Length: ${content.length}`]),
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${content ?? ''}`, 'latin1');
}
