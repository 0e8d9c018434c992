import { Jobs } from '@aegis/jobs';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { removeOldActivity } from './activity/old-activity';
import { removeOldValidationCounts } from './old-validation-counts';

const PAUSE_MS = 5000;
const FOLDED_AT_ONCE = 10_000;

/** Keeps what the statistics read small; each replica does it, and the database lets one at a time. */
@Injectable()
export class StatisticsUpkeep {
  constructor(
    private readonly dataSource: DataSource,
    jobs: Jobs,
  ) {
    jobs.add({
      name: 'statistics',
      pauseMs: PAUSE_MS,
      failure: 'statistics could not be folded; reading them takes longer',
      run: (goesOn) => this.run(goesOn),
    });
  }

  /**
   * Adds what changed to the counts, and removes counts that no statistic needs any longer.
   * @param goesOn whether to fold more, asked before each part
   */
  async run(goesOn: () => boolean): Promise<void> {
    let folded = FOLDED_AT_ONCE;
    while (folded === FOLDED_AT_ONCE && goesOn()) {
      const [row] = await this.dataSource.query<{ folded: number }[]>(
        'SELECT statistics_fold($1) AS folded',
        [FOLDED_AT_ONCE],
      );
      folded = row?.folded ?? 0;
    }
    await removeOldValidationCounts(this.dataSource);
    await removeOldActivity(this.dataSource);
  }
}
