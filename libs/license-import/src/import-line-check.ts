import { Environment } from '@aegis/config';
import { KeyRing } from '@aegis/signing';
import { Injectable } from '@nestjs/common';
import type { CheckedLine } from './checked-lines';
import { customerOfToken, type ImportFields, readImportLine } from './license-import-fields';
import { type Line, readLines } from './license-import-lines';
import { proveToken } from './license-import-proof';
import { asRefusal, LineRefused } from './license-import-refusal';
import { seatsOfLine } from './license-import-seats';
import type { ProvenLine } from './line-outcome';

/** Checks the lines of an import as far as that needs no database. */
@Injectable()
export class ImportLineCheck {
  private readonly acceptedIssuers: readonly string[];

  constructor(
    private readonly keyRing: KeyRing,
    private readonly environment: Environment,
  ) {
    this.acceptedIssuers = [environment.LICENSE_ISSUER, ...(environment.ACCEPTED_ISSUERS ?? [])];
  }

  /** @param chunks bytes, cut anywhere */
  async *checkLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<CheckedLine> {
    for await (const line of readLines(chunks))
      yield { number: line.number, checked: await asRefusal(() => this.check(line)) };
  }

  /**
   * Proves the token of a line.
   * @throws LineRefused
   */
  async prove({ token, seats: given, ...fields }: ImportFields): Promise<ProvenLine> {
    const proven = await proveToken(token, this.keyRing, this.acceptedIssuers, this.environment.PUBLIC_URL);
    const seats = seatsOfLine(given, proven.claims.seats);
    if (fields.customer === null) {
      const { customer, adaptations } = customerOfToken(proven.claims.customer);
      return { ...fields, ...proven, seats, customer, adaptations: [...fields.adaptations, ...adaptations] };
    }
    if (fields.customer.id !== proven.claims.customer.id)
      throw new LineRefused('customer_mismatch', 'customer.id differs from the token.');
    return { ...fields, ...proven, seats, customer: fields.customer };
  }

  private check(line: Line): Promise<ProvenLine> {
    if (!('text' in line)) throw new LineRefused('malformed_line', `The line is ${line.unreadable}.`);
    return this.prove(readImportLine(line.text));
  }
}
