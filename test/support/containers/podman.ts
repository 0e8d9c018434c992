import { spawn, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Settings of the engine, so that it runs without systemd and as root in a virtual machine or a CI job. */
const ENGINE = (networks: string, subnets: string): string => `[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_backend = "netavark"
network_config_dir = "${networks}"
default_subnet_pools = [{ "base" = "${subnets}", "size" = 24 }]
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
`;
const STORAGE = (root: string, run: string): string => `[storage]
driver = "overlay"
graphroot = "${root}"
runroot = "${run}"
`;

/** How a command ended. */
export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Whether containers can be run here: podman and its parts are installed, and this is root. */
export function hasPodman(): boolean {
  const commands: [string, string][] = [
    ['podman', '--version'],
    ['runc', '--version'],
    ['tini-static', '--version'],
  ];
  const isInstalled = commands.every(([name, argument]) => spawnSync(name, [argument]).status === 0);
  return isInstalled && process.getuid?.() === 0;
}

/** A container engine with settings, images, networks and containers of its own: nothing of the machine's is touched. */
export class Podman {
  readonly folder = mkdtempSync(join(tmpdir(), 'aegis-containers-'));
  readonly env: Record<string, string | undefined>;

  constructor() {
    const files = {
      engine: join(this.folder, 'containers.conf'),
      storage: join(this.folder, 'storage.conf'),
    };
    const networks = join(this.folder, 'networks');
    mkdirSync(networks);
    // Of two engines at once, each would take the same subnet: neither knows the other's networks.
    writeFileSync(files.engine, ENGINE(networks, `10.${randomInt(100, 250)}.0.0/16`));
    writeFileSync(files.storage, STORAGE(join(this.folder, 'storage'), join(this.folder, 'run')));
    this.env = {
      PATH: process.env.PATH,
      HOME: this.folder,
      CONTAINERS_CONF: files.engine,
      CONTAINERS_STORAGE_CONF: files.storage,
    };
  }

  /** Runs a podman command to its end, without blocking the process. */
  async outcome(...args: readonly string[]): Promise<Outcome> {
    return outcomeOf('podman', args, this.env);
  }

  /**
   * Runs a podman command that must succeed.
   * @returns its standard output, without white space at the end
   */
  async run(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.outcome(...args);
    if (code !== 0) throw new Error(`podman ${args.join(' ')} ended with ${code}:\n${stdout}${stderr}`);
    return stdout.trim();
  }

  /** Removes everything: containers, networks, images. */
  async close(): Promise<void> {
    // First these: the reset would leave interfaces and names behind, which all engines of a machine share.
    await this.outcome('rm', '--all', '--force', '--time', '0', '--volumes');
    await this.outcome('network', 'prune', '--force');
    await this.outcome('system', 'reset', '--force');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Runs a program to its end. */
export function outcomeOf(
  program: string,
  args: readonly string[],
  env: Record<string, string | undefined>,
  cwd?: string,
): Promise<Outcome> {
  const child = spawn(program, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (code) => {
      resolve({ code, stdout, stderr });
    });
  });
}
