import { cpSync, chownSync, readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { IMAGES } from '../containers/images';
import type { Podman } from '../containers/podman';
import type { StartReplica } from './deployment';

/** The user of the image. */
const USER = 10_001;

/**
 * Starts servers as containers of the image, with what docs/containers.md asks for: their secrets as files of their own
 * user, and nothing that may be written.
 */
export function startContainer(podman: Podman): StartReplica {
  return async ({ settings }, folder) => {
    const etc = join(folder, 'etc');
    const copy = join(folder, `etc-of-container`);
    rmSync(copy, { recursive: true, force: true });
    cpSync(etc, copy, { recursive: true });
    // A server gets what it needs: the owner's password is for migrations.
    for (const name of ['owner-password', 'migration-database-url', 'aegis.env'])
      rmSync(join(copy, name), { force: true });
    for (const name of ['.', ...readdirSync(copy, { recursive: true })])
      chownSync(join(copy, String(name)), USER, USER);
    const { DATA_DIR: _, ...others } = settings;
    const name = `${basename(folder)}-${settings.PORT}`.toLowerCase();
    await podman.outcome('rm', '--force', '--time', '0', name);
    await podman.run(
      ...['run', '--detach', '--name', name, '--network', 'host'],
      ...[
        '--read-only',
        '--read-only-tmpfs=false',
        '--cap-drop',
        'all',
        '--security-opt',
        'no-new-privileges',
      ],
      ...['--memory', '512m', '--pids-limit', '100', '--volume', `${copy}:${etc}:ro`],
      ...Object.entries(others).flatMap(([variable, value]) => ['--env', `${variable}=${value}`]),
      IMAGES.server,
    );
    let hasEnded = false;
    let log = '';
    const code = podman.run('wait', name).then(async (text) => {
      const { stdout, stderr } = await podman.outcome('logs', name);
      log = stdout + stderr;
      hasEnded = true;
      return Number(text);
    });
    // A container that is removed while somebody waits for it.
    code.catch(() => undefined);
    return {
      stop: async () => {
        await podman.run('kill', '--signal', 'TERM', name);
        return code;
      },
      kill: async () => {
        await podman.outcome('rm', '--force', '--time', '0', name);
      },
      output: () => log,
      hasEnded: () => hasEnded,
    };
  };
}
