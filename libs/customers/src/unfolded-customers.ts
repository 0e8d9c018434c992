import { Jobs } from '@aegis/jobs';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { foldCustomers } from './customer-search';

const PAUSE_MS = 5_000;

/** Folds customers whose texts were written without their beginnings: by a server of an earlier release, or by hand. */
@Injectable()
export class UnfoldedCustomers {
  constructor(dataSource: DataSource, jobs: Jobs) {
    jobs.add({
      name: 'customer-search',
      pauseMs: PAUSE_MS,
      failure: 'customers could not be made searchable by each of their words; this is retried',
      run: (goesOn) => foldCustomers(dataSource, goesOn),
    });
  }
}
