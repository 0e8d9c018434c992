import { ActivationPlaces } from '@aegis/status-lists';
import { Admissions } from '@aegis/activations';
import { AuditLog } from '@aegis/audit';
import type { Provider } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { SeatJudge, type TokenForSeat } from './seat-judge';

/** The admissions of this process, which judge license tokens. */
export const SEAT_ADMISSIONS = Symbol('seat admissions');

export const seatAdmissions: Provider = {
  provide: SEAT_ADMISSIONS,
  inject: [DataSource, AuditLog, SeatJudge],
  useFactory: (dataSource: DataSource, audit: AuditLog, judge: SeatJudge): Admissions<TokenForSeat> =>
    new Admissions(dataSource, {
      audit,
      judge: (tx, shown) => judge.judge(tx, shown),
      places: new ActivationPlaces(),
    }),
};
