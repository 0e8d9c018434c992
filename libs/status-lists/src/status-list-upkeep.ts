import { Jobs } from '@aegis/jobs';
import { Logger } from '@aegis/logging';
import { Injectable } from '@nestjs/common';
import { StatusLists } from './status-lists.service';

/** A change is seen in the lists within this and the time that a rebuild takes. */
const PAUSE_MS = 1000;
/** What failed is not retried every second. */
const PAUSE_AFTER_FAILURE_MS = 3000;

/** Keeps the lists of this replica new. Each asks the database itself, so none depends on notifications. */
@Injectable()
export class StatusListUpkeep {
  private logged?: string;

  constructor(
    private readonly lists: StatusLists,
    private readonly logger: Logger,
    jobs: Jobs,
  ) {
    jobs.add({
      name: 'status-lists',
      pauseMs: PAUSE_MS,
      pauseAfterFailureMs: PAUSE_AFTER_FAILURE_MS,
      failure: 'status lists could not be renewed; the last ones are served',
      run: () => this.refresh(),
    });
  }

  private async refresh(): Promise<void> {
    await this.lists.refresh();
    this.warn(this.lists.irregularity);
    const [tooLarge] = this.lists.unsigned;
    if (tooLarge) throw tooLarge;
  }

  /** Each irregularity once. */
  private warn(irregularity: string | undefined): void {
    if (irregularity !== undefined && irregularity !== this.logged) this.logger.write('warn', irregularity);
    this.logged = irregularity;
  }
}
