import { join } from 'node:path';
import type { SystemAccount } from './system-account';

/** Where the cluster of a DATA_DIR lives, with its lock, its log and the list of its users. */
export interface ClusterFolder {
  path: string;
  /** If we are root: the user that runs PostgreSQL and owns its data. Unset: we run it ourselves. */
  account?: SystemAccount;
}

/** A PostgreSQL cluster: one data folder that one postmaster serves. */
export interface Cluster {
  /** Holds everything below, and is where PostgreSQL's programs are run. */
  folder: string;
  dataFolder: string;
  logFile: string;
  /** The user that PostgreSQL runs as; unset: our own. */
  account?: SystemAccount;
}

/** @returns the cluster of that id in the folder, which need not exist yet. */
export function clusterIn(folder: ClusterFolder, id: string): Cluster {
  return {
    folder: folder.path,
    dataFolder: join(folder.path, `data-${id}`),
    logFile: join(folder.path, 'postgres.log'),
    account: folder.account,
  };
}

/** Nothing of our own environment, which may hold secrets; messages in English, since some are recognised. */
export const PROGRAM_ENVIRONMENT = { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/bin:/bin' };
