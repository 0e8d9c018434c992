import { runOutsideRequests } from '@aegis/logging';
import { currentTrace, inBatchSpan, type TraceContext } from '@aegis/tracing';
import { isWaitOver } from '../postgres-errors';
import { runSplitting } from './run-splitting';

interface Waiting<In, Out> {
  input: In;
  /** Of the request that waits. */
  trace: TraceContext;
  resolve: (output: Out) => void;
  reject: (error: unknown) => void;
}

export interface MicroBatchOptions {
  /** What is done, in a word or two: the name of its span is `batch: <name>`. */
  name: string;
  /** Most inputs of one run. */
  maxSize: number;
  /** Most runs under way at once; what arrives meanwhile makes the next one larger. */
  maxConcurrent: number;
  /** Called with the number of inputs of each run. */
  onRun?: (size: number) => void;
}

/**
 * Makes one statement from the requests that arrive in the same turn of the event loop. Nobody waits for a timer: a
 * single request is sent at once; under load, batches grow by themselves. A run belongs to no request
 * (`currentRequest()` is undefined): log about a request where its output is awaited.
 */
export class MicroBatch<In, Out> {
  private queue: Waiting<In, Out>[] = [];
  private running = 0;
  private scheduled = false;
  private readonly spanName: string;

  /**
   * @param run answers inputs, one output for each in the same order, and does everything or nothing. When the
   * database refuses what an input says, the others run without it; any other error rejects the whole batch.
   */
  constructor(
    private readonly run: (inputs: In[]) => Promise<Out[]>,
    private readonly options: MicroBatchOptions,
  ) {
    this.spanName = `batch: ${options.name}`;
  }

  /** @returns the output for this input, when its batch is done */
  add(input: In): Promise<Out> {
    return new Promise((resolve, reject) => {
      this.queue.push({ input, trace: currentTrace(), resolve, reject });
      this.schedule();
    });
  }

  private schedule(): void {
    if (this.scheduled || this.running >= this.options.maxConcurrent || this.queue.length === 0) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      const batch = this.queue.splice(0, this.options.maxSize);
      const members = batch.map(({ trace }) => trace);
      void runOutsideRequests(() => inBatchSpan(this.spanName, members, () => this.flush(batch)));
      this.schedule();
    });
  }

  private async flush(batch: Waiting<In, Out>[]): Promise<void> {
    this.running += 1;
    try {
      await runSplitting(
        batch,
        (waiting) => this.answer(waiting),
        (waiting, outputs) => {
          waiting.forEach(({ resolve }, index) => {
            resolve(outputs[index] as Out);
          });
        },
        (waiting, error) => {
          for (const { reject } of waiting) reject(error);
          // The requests behind this run have waited as long; the next run would make them wait as long again.
          if (isWaitOver(error)) for (const { reject } of this.queue.splice(0)) reject(error);
        },
      );
    } finally {
      this.running -= 1;
      this.schedule();
    }
  }

  private async answer(waiting: readonly Waiting<In, Out>[]): Promise<Out[]> {
    this.options.onRun?.(waiting.length);
    const outputs = await this.run(waiting.map(({ input }) => input));
    if (outputs.length !== waiting.length) throw new Error('a batch must answer each of its inputs');
    return outputs;
  }
}
