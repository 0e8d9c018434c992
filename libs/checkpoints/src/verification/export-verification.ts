import { type CheckpointKeys, judgeCheckpoint } from './checkpoint-keys';
import { SignatureRuns, type SignedBy, type UnprovenRun } from './signature-runs';
import { checkpointHash, type CheckpointClaims } from '../checkpoint';
import { type ExportedRecord, type ExportLine, parseExportLine } from '../export/export-line';
import { isUndetermined } from './finding';
import { leafHash, rootFromPath } from '../tree/merkle-tree';

/** What is wrong with an export. */
export interface ExportFinding {
  kind:
    /** It is not a line of an export, or its record is not what its leaf says. */
    | 'line_unreadable'
    | 'line_misplaced'
    | 'checkpoint_forged'
    /** A checkpoint does not name the one before it. */
    | 'checkpoint_unlinked'
    /** A key signed it after it was compromised, and no later checkpoint of a trusted key names it. */
    | 'checkpoint_compromised'
    /** The keys lack the one that signed it, and no later checkpoint of a trusted key names it: that proves nothing. */
    | 'key_not_held'
    | 'record_unproven'
    /** The end is missing, or counts something else. */
    | 'export_cut';
  /** From 1. */
  line: number;
  /** Number of the checkpoint, or of the first of several. */
  checkpoint?: number;
  /** Number of the last of several checkpoints. */
  to?: number;
  /** Id of the key that signed them. */
  kid?: string;
  record?: string;
}

/** What a verified export holds. */
export interface ExportVerified {
  checkpoints: number;
  records: number;
  /** Checkpoints whose every record is in it. */
  whole_checkpoints: number;
  findings: number;
  /** Of the findings, those that leave open whether something is wrong. */
  undetermined: number;
  /** Which key signed which checkpoints. */
  signed_by: SignedBy[];
}

/** Called in the order of the lines. */
export interface ExportWatcher {
  found(finding: ExportFinding): void;
  /** Its signature is valid, or cannot be verified, which a finding reports later. */
  checkpoint?(number: number, jws: string): void;
  /** Its proof is valid; none is reported twice. */
  record?(record: ExportedRecord): void;
}

/** Verifies an export line by line, by public keys alone. */
export class ExportVerification {
  private readonly verified: ExportVerified = {
    checkpoints: 0,
    records: 0,
    whole_checkpoints: 0,
    findings: 0,
    undetermined: 0,
    signed_by: [],
  };
  private readonly runs = new SignatureRuns();
  private line = 0;
  private ended = false;
  private before: { number: number; jws: string } | undefined;
  private current: { claims: CheckpointClaims; left: number; index: number } | undefined;

  /** @param keys that are trusted */
  constructor(
    private readonly keys: CheckpointKeys,
    private readonly watcher: ExportWatcher,
  ) {}

  async verify(lines: AsyncIterable<string> | Iterable<string>): Promise<ExportVerified> {
    for await (const text of lines) {
      this.line += 1;
      const line = parseExportLine(text);
      if (line === undefined) this.report('line_unreadable');
      else if (this.ended || (line.type === 'export') !== (this.line === 1)) this.report('line_misplaced');
      else await this.take(line);
    }
    this.reportUnproven(this.runs.end());
    if (!this.ended) this.report('export_cut');
    return { ...this.verified, signed_by: this.runs.signedBy };
  }

  private async take(line: ExportLine): Promise<void> {
    if (line.type === 'checkpoint') await this.takeCheckpoint(line);
    else if (line.type === 'record') this.takeRecord(line);
    else if (line.type === 'end') {
      this.ended = true;
      const { checkpoints, records } = this.verified;
      if (line.checkpoints !== checkpoints || line.records !== records) this.report('export_cut');
    }
  }

  private async takeCheckpoint({ number, jws }: { number: number; jws: string }): Promise<void> {
    this.current = undefined;
    const judged = await judgeCheckpoint(jws, this.keys);
    if (judged.state === 'forged' || judged.claims.number !== number) {
      this.reportUnproven(this.runs.end());
      this.report('checkpoint_forged', { checkpoint: number });
      return;
    }
    const { claims } = judged;
    if (this.before && number <= this.before.number) {
      this.report('line_misplaced', { checkpoint: number });
      return;
    }
    const follows = this.before?.number === number - 1;
    const isLinked = follows && claims.previous === checkpointHash(this.before?.jws ?? '');
    if (follows && !isLinked) this.report('checkpoint_unlinked', { checkpoint: number });
    this.reportUnproven(this.runs.take(number, judged, isLinked, this.line));
    this.before = { number, jws };
    this.current = { claims, left: claims.size, index: -1 };
    this.verified.checkpoints += 1;
    this.watcher.checkpoint?.(number, jws);
  }

  private takeRecord({ index, leaf, path, record }: Extract<ExportLine, { type: 'record' }>): void {
    const { current } = this;
    if (current === undefined || index <= current.index) {
      this.report('line_misplaced', { record: record.id });
      return;
    }
    current.index = index;
    const hashes = path.map((hash) => Buffer.from(hash, 'base64url'));
    const root = rootFromPath(leafHash(leaf), index, current.claims.size, hashes);
    if (root?.toString('base64url') !== current.claims.root) {
      this.report('record_unproven', { record: record.id, checkpoint: current.claims.number });
      return;
    }
    this.verified.records += 1;
    current.left -= 1;
    if (current.left === 0) this.verified.whole_checkpoints += 1;
    this.watcher.record?.(record);
  }

  private reportUnproven(runs: readonly UnprovenRun[]): void {
    for (const { state, kid, from, to, line = this.line } of runs)
      this.report(state === 'unknown' ? 'key_not_held' : 'checkpoint_compromised', {
        line,
        checkpoint: from,
        to,
        kid,
      });
  }

  private report(kind: ExportFinding['kind'], about: Partial<ExportFinding> = {}): void {
    this.verified.findings += 1;
    if (isUndetermined({ kind })) this.verified.undetermined += 1;
    this.watcher.found({ kind, line: this.line, ...about });
  }
}
