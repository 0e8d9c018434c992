import {
  instanceFingerprint,
  judgeOffline,
  openTrustedLists,
  parseOfflineFile,
  parseToken,
  type Question,
} from '@aegis/license-token';
import { ExitCode } from '../terminal/exit-code';
import type { Output } from '../terminal/output';
import { timeOption } from '../terminal/time-option';
import { UsageProblem } from '../terminal/usage-problem';
import { readShown, readTrimmedFile } from './shown-text';
import { trustedKeySet, type TrustOptions } from './trusted-key-set';
import { type Unasked, verdictText } from './verdict-text';

export interface VerifyLicenseOptions extends TrustOptions {
  issuer: readonly string[];
  module?: string;
  hostVersion?: string;
  dbUuid?: string;
  domain?: string;
  statusList?: readonly string[];
  maxOffline?: number;
  activation?: string;
  activationList?: readonly string[];
  fingerprint?: string;
  nonce?: string;
  now?: string;
}

/** The texts that are judged together. */
interface Shown {
  token: string;
  activation?: string;
  lists: readonly string[];
  /** Of the activation alone. */
  activationLists: readonly string[];
}

/**
 * `aegis verify`: judges a license without the server, by the rules that the server and every client have.
 * @throws UsageProblem for options that can't be used, and files that can't be read
 */
export async function verifyLicense(
  output: Output,
  argument: string,
  options: VerifyLicenseOptions,
): Promise<ExitCode> {
  const now = options.now === undefined ? new Date() : timeOption('--now', options.now);
  const keySet = await trustedKeySet(options);
  const { token, activation, lists, activationLists } = await shownTexts(argument, options);
  if (activation !== undefined && options.fingerprint === undefined)
    throw new UsageProblem('--fingerprint is needed to judge an activation.');
  const { question, unasked } = await questionOf(token, options);
  const statusLists = await openTrustedLists(lists, keySet, now);
  const ofActivation = await openTrustedLists(activationLists, keySet, now);
  const verdict = await judgeOffline(token, question, {
    keySet,
    acceptedIssuers: options.issuer,
    ...(lists.length > 0 && { statusLists }),
    maxOffline: options.maxOffline,
    ...(activation !== undefined && {
      activation: {
        token: activation,
        fingerprint: options.fingerprint ?? '',
        nonce: options.nonce,
        statusLists: [...statusLists, ...ofActivation],
      },
    }),
    now,
  });
  // Without a guard, which a command does not keep, it says nothing.
  const { clock: _clock, ...answer } = verdict;
  output.end({ ...answer, unasked }, verdictText(verdict, unasked));
  return verdict.valid ? ExitCode.yes : ExitCode.no;
}

/** An offline file has all of them. */
async function shownTexts(
  argument: string,
  { activation, statusList = [], activationList = [] }: VerifyLicenseOptions,
): Promise<Shown> {
  const text = await readShown(argument);
  const lists = await Promise.all(statusList.map(readTrimmedFile));
  const activationLists = await Promise.all(activationList.map(readTrimmedFile));
  const file = text.startsWith('{') ? parseOfflineFile(text) : undefined;
  if (file === undefined || 'malformed' in file)
    return {
      token: text,
      lists,
      activationLists,
      ...(activation !== undefined && { activation: await readShown(activation) }),
    };
  return {
    token: file.license_token,
    activation: file.activation_token,
    lists: [...lists, ...file.status_lists],
    activationLists,
  };
}

/** What is not given is not asked: the license's own answer is put in its place. */
async function questionOf(
  token: string,
  { module, hostVersion, dbUuid, domain }: VerifyLicenseOptions,
): Promise<{ question: Question; unasked: Unasked[] }> {
  if ((dbUuid === undefined) !== (domain === undefined))
    throw new UsageProblem('--db-uuid and --domain are given together.');
  const parsed = parseToken(token);
  const claims = 'malformed' in parsed ? undefined : parsed.claims;
  const unasked: Unasked[] = [
    ...(module === undefined ? (['module'] as const) : []),
    ...(hostVersion === undefined ? (['version'] as const) : []),
  ];
  const question = {
    module_name: module ?? claims?.module.technical_name ?? '',
    odoo_version: hostVersion ?? claims?.module.allowed_major_versions[0] ?? '',
    instance_fingerprint:
      dbUuid === undefined || domain === undefined ? null : await instanceFingerprint(dbUuid, domain),
  };
  return { question, unasked };
}
