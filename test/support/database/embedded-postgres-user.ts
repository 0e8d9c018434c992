// A process that uses the embedded PostgreSQL, run by the tests as a child: it says what it got, releases when
// asked to, and ends with its parent. `{ dataDir, pgBin?, account? }` come as its argument; with an account it becomes
// that user once its code is loaded, which that user need not be able to read.
import { startEmbeddedPostgres } from '@aegis/embedded-postgres';
import type { SystemAccount } from '../../../libs/embedded-postgres/src/system-account';

const { account, ...options } = JSON.parse(process.argv[2] ?? '{}') as {
  dataDir: string;
  pgBin?: string;
  durable?: boolean;
  account?: SystemAccount;
};

async function main(): Promise<void> {
  if (account !== undefined) {
    process.setgroups?.([]);
    process.setgid?.(account.gid);
    process.setuid?.(account.uid);
  }
  const postgres = await startEmbeddedPostgres({ durable: false, ...options });
  process.on('message', () => {
    void postgres.release().then(() => {
      process.disconnect();
    });
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.(postgres);
}

main().catch((error: unknown) => {
  process.send?.({ error: String(error) });
});
