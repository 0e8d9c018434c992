import { MicroBatch } from '@aegis/database';

/** Operations that one transaction does. */
const AT_ONCE = 100;

/** Lines that have a transaction at a time: however many licenses are asked about, they leave connections to others. */
const LINES_AT_ONCE = 4;

/** What waits in the line of a license, when it is its turn. */
interface Turn<In> {
  readonly licenseId: string;
  readonly operations: In[];
}

/**
 * The operations that wait for one license, in their order: one transaction at a time, so that any number of clients of a
 * license have one connection between them, and the lines of any number of licenses a few.
 */
export class SeatLines<In, Out> {
  private readonly lines = new Map<string, { batch: MicroBatch<In, Out>; waiting: number }>();
  private readonly turns: MicroBatch<Turn<In>, Out[]>;

  /** @param run does all of a license's operations in one transaction, or none */
  constructor(run: (licenseId: string, operations: In[]) => Promise<Out[]>) {
    this.turns = new MicroBatch(
      (turns) => Promise.all(turns.map(({ licenseId, operations }) => run(licenseId, operations))),
      { name: 'turn of a license', maxSize: 1, maxConcurrent: LINES_AT_ONCE },
    );
  }

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
    const batch = new MicroBatch<In, Out>((operations) => this.turns.add({ licenseId, operations }), {
      name: 'seats of a license',
      maxSize: AT_ONCE,
      maxConcurrent: 1,
    });
    const line = { batch, waiting: 0 };
    this.lines.set(licenseId, line);
    return line;
  }
}
