import { sentTogether } from '@aegis/database';
import type { DomainError } from '@aegis/errors';
import type { EntityManager } from 'typeorm';
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
import { lockFreeSeats, readCountedSeats } from './seat-accounts';
import { knownFingerprints } from './seat-look-ups';
import { SeatRound } from './seat-round';
import { SeatWrites } from './seat-writes';

/** Decides those of licenses that nobody has locked, as far as nothing has to be looked up. */
export async function admitFree<Presented>(
  tx: EntityManager,
  applications: readonly SeatApplication<Presented>[],
  { judge, audit, places }: AdmissionTools<Presented>,
): Promise<(SeatGiven | DomainError | typeof LATER)[]> {
  const licenseIds = [...new Set(applications.map(({ subject }) => subject.licenseId))];
  // Sent together, in this order: what is read is read after the locks were taken.
  const [free, { now, seats }, judgements, known] = await sentTogether(
    lockFreeSeats(tx, licenseIds),
    readCountedSeats(tx, licenseIds),
    judge(tx, presentedBy(applications)),
    knownFingerprints(tx, applications.map(asked)),
  );
  const writes = new SeatWrites(tx, audit, places);
  const rounds = new Map<string, SeatRound>();
  for (const [licenseId, counted] of seats)
    if (free.has(licenseId)) rounds.set(licenseId, new SeatRound(tx, licenseId, counted, now, writes));
  applications.forEach(({ subject, fp }, index) =>
    rounds.get(subject.licenseId)?.know(fp, answerIn(known[index])),
  );
  const outcomes: (AdmissionOutcome | typeof LATER)[] = [];
  for (const [index, application] of applications.entries()) {
    const { licenseId } = application.subject;
    const judgement = answerIn(judgements[index]);
    const refusal = refusedBefore(licenseId, judgement, seats.get(licenseId));
    const round = rounds.get(licenseId);
    if (refusal !== null) outcomes.push({ refusal });
    else if (round?.decidesAtOnce(application) === true)
      outcomes.push(judgedOutcome(await round.apply(application), judgement));
    else {
      // Those behind it keep their places.
      rounds.delete(licenseId);
      outcomes.push(LATER);
    }
  }
  await writes.finish();
  return outcomes.map((outcome) => (outcome === LATER ? LATER : resultOf(outcome, writes)));
}
