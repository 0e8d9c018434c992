import { MicroBatch } from '@aegis/database';

/** Operations that one transaction does. */
const AT_ONCE = 100;

/**
 * The operations that wait for one license, in their order: one transaction at a time, so that any number of clients of a
 * license have one connection between them.
 */
export class SeatLines<In, Out> {
  private readonly lines = new Map<string, { batch: MicroBatch<In, Out>; waiting: number }>();

  /** @param run does all of a license's operations in one transaction, or none */
  constructor(private readonly run: (licenseId: string, operations: In[]) => Promise<Out[]>) {}

  /** Whether operations of a license are waiting. */
  has(licenseId: string): boolean {
    return this.lines.has(licenseId);
  }

  /** @returns what the operation resulted in, when its transaction is durable */
  async add(licenseId: string, operation: In): Promise<Out> {
    const line = this.lines.get(licenseId) ?? this.open(licenseId);
    line.waiting += 1;
    try {
      return await line.batch.add(operation);
    } finally {
      line.waiting -= 1;
      if (line.waiting === 0) this.lines.delete(licenseId);
    }
  }

  private open(licenseId: string): { batch: MicroBatch<In, Out>; waiting: number } {
    const batch = new MicroBatch<In, Out>((operations) => this.run(licenseId, operations), {
      name: 'seats of a license',
      maxSize: AT_ONCE,
      maxConcurrent: 1,
    });
    const line = { batch, waiting: 0 };
    this.lines.set(licenseId, line);
    return line;
  }
}
