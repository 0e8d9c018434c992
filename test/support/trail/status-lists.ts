import {
  listedStatus,
  type ListedStatus,
  openStatusList,
  parseToken,
  type StatusList,
} from '@aegis/license-token';
import { type CryptoKey, importJWK, type JWK } from 'jose';
import { Client } from '../requests/client';

/** Where a token's status is. */
export function placeOf(token: string): { idx: number; uri: string; path: string } {
  const parsed = parseToken(token);
  if ('malformed' in parsed || !parsed.claims.status) throw new Error('the token names no status list');
  const { idx, uri } = parsed.claims.status.status_list;
  return { idx, uri, path: new URL(uri).pathname };
}

/** Gives the keys of a server as a client keeps them. */
export async function keysOf(url: string): Promise<(kid: string) => CryptoKey | undefined> {
  const { keys } = (await (await fetch(`${url}/.well-known/jwks.json`)).json()) as { keys: JWK[] };
  const imported = await Promise.all(
    keys.map(async (jwk) => [jwk.kid, (await importJWK(jwk)) as CryptoKey] as const),
  );
  return (kid) => imported.find(([known]) => known === kid)?.[1];
}

/** Fetches the list that a token names, and verifies it. */
export async function listOf(url: string, token: string): Promise<StatusList> {
  const answer = await new Client(url).get(placeOf(token).path);
  const list = await openStatusList(answer.body as string, await keysOf(url));
  if ('refused' in list) throw new Error(`the list is refused (${list.refused}): ${answer.status}`);
  return list;
}

/** What a client offline would find out of a token, with the list that the server has now. */
export async function statusOf(url: string, token: string): Promise<ListedStatus> {
  const parsed = parseToken(token);
  if ('malformed' in parsed) throw new Error(parsed.malformed);
  return listedStatus(await listOf(url, token), parsed.claims, new Date());
}
