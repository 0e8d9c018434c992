interface Waiting<In, Out> {
  input: In;
  resolve: (output: Out) => void;
  reject: (error: unknown) => void;
}

export interface MicroBatchOptions {
  /** Most inputs of one run. */
  maxSize: number;
  /** Most runs under way at once; what arrives meanwhile makes the next one larger. */
  maxConcurrent: number;
  /** Told how many inputs each run has. */
  onRun?: (size: number) => void;
}

/**
 * Makes one statement of what many requests ask in the same turn of the event loop. Nobody waits for a timer:
 * alone, a request goes out at once; under load, batches grow by themselves.
 */
export class MicroBatch<In, Out> {
  private queue: Waiting<In, Out>[] = [];
  private running = 0;
  private scheduled = false;

  /** @param run answers inputs, one output an input in the same order; its error rejects the whole batch */
  constructor(
    private readonly run: (inputs: In[]) => Promise<Out[]>,
    private readonly options: MicroBatchOptions,
  ) {}

  /** @returns the output for this input, when its batch is done */
  add(input: In): Promise<Out> {
    return new Promise((resolve, reject) => {
      this.queue.push({ input, resolve, reject });
      this.schedule();
    });
  }

  private schedule(): void {
    if (this.scheduled || this.running >= this.options.maxConcurrent || this.queue.length === 0) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      void this.flush(this.queue.splice(0, this.options.maxSize));
      this.schedule();
    });
  }

  private async flush(batch: Waiting<In, Out>[]): Promise<void> {
    this.running += 1;
    this.options.onRun?.(batch.length);
    try {
      const outputs = await this.run(batch.map(({ input }) => input));
      if (outputs.length !== batch.length) throw new Error('a batch must answer each of its inputs');
      batch.forEach(({ resolve }, index) => {
        resolve(outputs[index] as Out);
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      this.running -= 1;
      this.schedule();
    }
  }
}
