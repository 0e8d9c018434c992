import type { KeySet, KeySetRefused } from '../key-set';
import { publicKeyOf } from '../key-set-proof';
import { openStatusList, type StatusList } from './status-list-reader';

/**
 * Opens status lists, for `judgeOffline`.
 * @param texts as received
 * @param now the client's clock
 * @returns those of them that a key of the key set signed
 * @throws DOMException `NotSupportedError` where WebCrypto has no Ed25519
 */
export async function openTrustedLists(
  texts: readonly string[],
  keySet: KeySet | KeySetRefused,
  now: Date,
): Promise<StatusList[]> {
  if (texts.length === 0 || 'refused' in keySet) return [];
  const opened = await Promise.all(
    texts.map((text) => openStatusList(text, (kid) => publicKeyOf(keySet, kid, now))),
  );
  return opened.filter((list): list is StatusList => !('refused' in list));
}
