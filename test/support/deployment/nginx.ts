import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { until } from '../until';
import type { CertificateAuthority } from '../processes/certificates';
import { Child } from './child';

const PUBLISHED = readFileSync(join(__dirname, '../../../config/nginx/aegis.conf'), 'utf8');
/** As config/nginx/aegis.conf has it. */
export const HOST_NAME = 'licenses.example.com';

/** What is replaced in the published configuration. */
export interface Places {
  port: number;
  /** Of the two servers. */
  upstreams: readonly [number, number];
}

/**
 * Runs nginx with config/nginx/aegis.conf, in which only ports and the certificate's place are replaced.
 * @param folder in which it may write
 */
export async function startNginx(
  folder: string,
  authority: CertificateAuthority,
  { port, upstreams }: Places,
): Promise<Child> {
  const home = join(folder, 'nginx');
  mkdirSync(home);
  const { certificate, privateKey } = authority.serverCertificate(HOST_NAME);
  writeFileSync(join(home, `${HOST_NAME}.crt`), certificate);
  writeFileSync(join(home, `${HOST_NAME}.key`), privateKey, { mode: 0o600 });
  const replaced = [
    ['listen 443 ssl', `listen 127.0.0.1:${port} ssl`],
    ['/etc/nginx/tls/', `${home}/`],
    ['127.0.0.1:8001', `127.0.0.1:${upstreams[0]}`],
    ['127.0.0.1:8002', `127.0.0.1:${upstreams[1]}`],
  ] as const;
  for (const [from] of replaced)
    if (!PUBLISHED.includes(from)) throw new Error(`config/nginx/aegis.conf lacks ${from}`);
  const site = replaced.reduce((text, [from, to]) => text.replaceAll(from, to), PUBLISHED);
  writeFileSync(join(home, 'aegis.conf'), site);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `  ${name}_temp_path ${home}/${name};`,
  );
  writeFileSync(
    join(home, 'nginx.conf'),
    [
      'daemon off;',
      ...(process.getuid?.() === 0 ? ['user root;'] : []),
      'worker_processes 2;',
      `pid ${home}/pid;`,
      'error_log stderr warn;',
      'events {}',
      'http {',
      `  access_log off;`,
      ...temporary,
      `  include ${home}/aegis.conf;`,
      '}',
    ].join('\n'),
  );
  const child = new Child('nginx', ['-e', 'stderr', '-p', home, '-c', join(home, 'nginx.conf')]);
  await until('nginx listens', () => {
    child.assertRuns();
    return new Promise((resolve) => {
      const socket = connect({ port, host: '127.0.0.1', servername: HOST_NAME, ca: authority.certificate });
      socket.on('secureConnect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => {
        resolve(false);
      });
    });
  });
  return child;
}
