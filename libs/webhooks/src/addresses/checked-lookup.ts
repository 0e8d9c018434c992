import type { LookupAddress } from 'node:dns';
import { isIPv6, type LookupFunction } from 'node:net';
import type { AddressRules } from './address-rules';
import { LookupFailed, type ResolveName } from './name-resolver';

/** A host is, or one of its addresses is, where webhooks must not be sent. */
export class AddressForbidden extends Error {
  override readonly name = 'AddressForbidden';
}

/** So many addresses of a name are tried. */
const MOST_ADDRESSES = 6;

/**
 * The lookup of a connection: the connection goes to the addresses that were judged, no matter what the name resolves to
 * afterwards. One forbidden address forbids all: which of them is tried first is chance.
 * It fails with AddressForbidden or LookupFailed.
 */
export function checkedLookup(rules: AddressRules, resolve: ResolveName): LookupFunction {
  const judged = async (name: string): Promise<[LookupAddress, ...LookupAddress[]]> => {
    const addresses = await resolve(name);
    if (addresses.some((address) => rules.judge(address) === 'forbidden'))
      throw new AddressForbidden(`${name} has an address that webhooks must not be sent to`);
    const [first, ...others] = addresses
      .slice(0, MOST_ADDRESSES)
      .map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
    if (first === undefined) throw new LookupFailed(`no address of ${name}`);
    return [first, ...others];
  };
  return (name, { all }, done) => {
    judged(name).then(
      (addresses) => {
        if (all === true) done(null, addresses);
        else done(null, addresses[0].address, addresses[0].family);
      },
      (error: unknown) => {
        done(error as NodeJS.ErrnoException, '', 0);
      },
    );
  };
}
