import { sentTogether } from '@aegis/database';
import type { DomainError } from '@aegis/errors';
import type { EntityManager } from 'typeorm';
import type { ActivationRow } from '../activation-rows';
import { SeatsNotCounted } from '../seats/seats.errors';
import {
  type AdmissionOutcome,
  type AdmissionTools,
  asked,
  answerIn,
  LATER,
  judgedOutcome,
  presentedBy,
  refusedBefore,
  resultOf,
  type SeatApplication,
  type SeatGiven,
} from './admission-outcomes';
import type { SeatEnd } from './end-seat';
import { lockSeats, readCountedSeats } from './seat-accounts';
import type { SeatAct } from './seat-applicant';
import { knownFingerprints } from './seat-look-ups';
import { SeatRound } from './seat-round';
import { SeatWrites } from './seat-writes';

/** Something that is done under the lock of a seat row. */
export type SeatOperation<Presented> =
  | { readonly kind: 'admit'; readonly application: SeatApplication<Presented> }
  | { readonly kind: 'end'; readonly act: SeatAct; readonly end: SeatEnd }
  | { readonly kind: 'lapse'; readonly act: SeatAct; readonly id: string };

/** What an operation resulted in. */
export type SeatResult = SeatGiven | ActivationRow | DomainError | null;

/** Does all that waits in the line of a license, in its order. */
export async function admitInTurn<Presented>(
  tx: EntityManager,
  licenseId: string,
  operations: readonly SeatOperation<Presented>[],
  { judge, audit, places }: AdmissionTools<Presented>,
): Promise<(SeatResult | typeof LATER)[]> {
  const applications = operations.flatMap((operation) =>
    operation.kind === 'admit' ? [operation.application] : [],
  );
  const none = applications.length === 0;
  // Sent together, in this order: what is read is read after the lock was taken.
  const [, { now, seats }, judgements, known] = await sentTogether(
    lockSeats(tx, [licenseId]),
    readCountedSeats(tx, [licenseId]),
    none ? Promise.resolve([]) : judge(tx, presentedBy(applications)),
    none ? Promise.resolve([]) : knownFingerprints(tx, applications.map(asked)),
  );
  const counted = seats.get(licenseId);
  const writes = new SeatWrites(tx, audit, places);
  const round = counted && new SeatRound(tx, licenseId, counted, now, writes);
  applications.forEach(({ fp }, index) => round?.know(fp, answerIn(known[index])));
  const judgementOf = new Map(
    applications.map((application, index) => [application, answerIn(judgements[index])]),
  );
  const results: (AdmissionOutcome | ActivationRow | typeof LATER | null)[] = [];
  for (const operation of operations) {
    if (operation.kind === 'end') results.push((await round?.end(operation.act, operation.end)) ?? null);
    else if (operation.kind === 'lapse')
      results.push((await round?.lapse(operation.act, operation.id)) ?? null);
    else {
      const { application } = operation;
      const judgement = answerIn(judgementOf.get(application));
      const refusal = refusedBefore(licenseId, judgement, counted);
      if (refusal !== null || !round) results.push({ refusal: refusal ?? new SeatsNotCounted(licenseId) });
      else results.push(judgedOutcome(await round.apply(application), judgement));
    }
  }
  await writes.finish();
  return results.map((result) =>
    result === null || result === LATER || 'license_id' in result ? result : resultOf(result, writes),
  );
}
