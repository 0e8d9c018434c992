import type { Signer } from './signer';
import type { SignerMetrics } from './signer-metrics';
import type { OpenedKey, SignerSource } from './signer-source';

/** A source whose keys are in memory, with its signatures counted; remote ones are counted by their guard. */
export class MeasuredSource implements SignerSource {
  readonly make?: (kid: string) => Promise<void>;

  constructor(
    private readonly source: SignerSource,
    private readonly metrics: SignerMetrics,
  ) {
    if (source.make) this.make = source.make.bind(source);
  }

  kids(): Promise<readonly string[]> {
    return this.source.kids();
  }

  async open(kid: string): Promise<OpenedKey> {
    const opened = await this.source.open(kid);
    return { ...opened, signer: this.measured(opened.signer) };
  }

  private measured(signer: Signer): Signer {
    return {
      kid: signer.kid,
      sign: async (input) => {
        const startedAt = performance.now();
        const seconds = (): number => (performance.now() - startedAt) / 1000;
        try {
          const signature = await signer.sign(input);
          this.metrics.signatureEnded('made', seconds());
          return signature;
        } catch (error) {
          this.metrics.signatureEnded('failed', seconds());
          throw error;
        }
      },
    };
  }
}
