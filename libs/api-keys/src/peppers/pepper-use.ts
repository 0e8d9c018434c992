import { rememberedAnswersByPepper } from '@aegis/idempotency';
import { Injectable } from '@nestjs/common';
import { DataSource, IsNull, Not } from 'typeorm';
import { ApiKey } from '../api-key.entity';
import { Peppers } from './peppers';

/** What depends on one pepper. */
export interface UseOfPepper {
  version: string;
  /** `current`: new hashes are made under it; `known`: in API_KEY_PEPPERS; `unknown`: keys under it are refused. */
  state: 'current' | 'known' | 'unknown';
  /** Keys that were not deleted, inactive and expired ones too: those could be brought back. */
  keys: number;
  /** Previous secrets that are still valid, and when the last of them ends. */
  graces: number;
  graces_until: Date | null;
  /** Remembered answers that can still be requested, and when the last of them is deleted. */
  remembered_answers: number;
  remembered_answers_until: Date | null;
}

/** A key that has not been used since a newer pepper is current. */
export interface KeyUnderOldPepper {
  id: string;
  name: string;
  pepper_version: string;
  is_active: boolean;
  expires_at: Date | null;
  last_used_at: Date | null;
}

interface Counted {
  version: string;
  count: number;
  until: Date | null;
}

/** Lists what still depends on which pepper, so that an older one can be removed in time and not too early. */
@Injectable()
export class PepperUse {
  constructor(
    private readonly dataSource: DataSource,
    private readonly peppers: Peppers,
  ) {}

  /** All known peppers in the order of the settings, then those that are not known but that something depends on. */
  async byPepper(): Promise<UseOfPepper[]> {
    const { manager } = this.dataSource;
    const keys = byVersion(
      await manager.query<Counted[]>(
        `SELECT pepper_version AS version, count(*)::integer AS count, NULL AS until
           FROM api_keys WHERE deleted_at IS NULL GROUP BY pepper_version`,
      ),
    );
    const graces = byVersion(
      await manager.query<Counted[]>(
        `SELECT previous_pepper_version AS version, count(*)::integer AS count, max(previous_expires_at) AS until
           FROM api_keys
          WHERE deleted_at IS NULL AND previous_expires_at > clock_timestamp()
          GROUP BY previous_pepper_version`,
      ),
    );
    const answers = byVersion(await rememberedAnswersByPepper(manager));
    const { versions: known, currentVersion } = this.peppers;
    const versions = new Set([
      ...known,
      ...[keys, graces, answers].flatMap((counted) => [...counted.keys()]),
    ]);
    return [...versions].map((version) => ({
      version,
      state: version === currentVersion ? 'current' : known.includes(version) ? 'known' : 'unknown',
      keys: keys.get(version)?.count ?? 0,
      graces: graces.get(version)?.count ?? 0,
      graces_until: graces.get(version)?.until ?? null,
      remembered_answers: answers.get(version)?.count ?? 0,
      remembered_answers_until: answers.get(version)?.until ?? null,
    }));
  }

  /** The keys that are not under the current pepper, least recently used first. */
  keysLeftBehind(): Promise<KeyUnderOldPepper[]> {
    return this.dataSource.manager.find(ApiKey, {
      select: {
        id: true,
        name: true,
        pepper_version: true,
        is_active: true,
        expires_at: true,
        last_used_at: true,
      },
      where: { deleted_at: IsNull(), pepper_version: Not(this.peppers.currentVersion) },
      order: { last_used_at: { direction: 'ASC', nulls: 'FIRST' }, id: 'ASC' },
    });
  }
}

function byVersion(rows: readonly Counted[]): ReadonlyMap<string, Counted> {
  return new Map(rows.map((row) => [row.version, row]));
}
