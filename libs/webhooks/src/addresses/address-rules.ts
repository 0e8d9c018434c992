import ipaddr from 'ipaddr.js';
import { isIP } from 'node:net';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/**
 * What a request to an address is: `allowed` for every operator, `opened` by WEBHOOK_ALLOWED_NETWORKS (what answers
 * there is not shown), or `forbidden`.
 */
export type Judgement = 'allowed' | 'opened' | 'forbidden';

/** Azure's services for its machines answer at this address, which is public by its form. */
const AZURE_PLATFORM = '168.63.129.16';
/** IPv4 in IPv6 that networks still use: mapped (RFC 4291) and the well-known prefix of NAT64 (RFC 6052). */
const CARRIERS = ['::ffff:0:0/96', '64:ff9b::/96'].map((network) => ipaddr.IPv6.parseCIDR(network));
/** All that is given out to be reached from everywhere (RFC 4291); the rest of IPv6 is reserved or has a purpose. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');
/** Words 4 and 5 of an address that ISATAP made of an IPv4 address (RFC 5214): `[universal bit]:5efe`. */
const ISATAP = { universal: [0, 0x200], mark: 0x5efe };

/** Decides which addresses webhooks may be sent to: public ones, and those that the operator opens. */
export class AddressRules {
  private readonly networks: readonly [Address, number][];

  /**
   * @param networks WEBHOOK_ALLOWED_NETWORKS, validated: addresses or CIDRs
   * @param opensLoopback outside of production, where receivers under development are on the same machine
   */
  constructor(
    networks: readonly string[],
    private readonly opensLoopback: boolean,
  ) {
    this.networks = networks.map((network) => {
      const [text = '', bits] = network.split('/');
      const address = parse(text);
      return [address, bits === undefined ? 8 * address.toByteArray().length : Number(bits)];
    });
  }

  /** @param address as a socket shows it; names and other notations are forbidden */
  judge(address: string): Judgement {
    // A zone names an interface of this machine.
    if (isIP(address) === 0 || address.includes('%')) return 'forbidden';
    const given = parse(address);
    const carried = carriedIPv4(given);
    const judged = carried ?? given;
    if (isPublic(judged)) return 'allowed';
    if (this.opensLoopback && judged.range() === 'loopback') return 'allowed';
    return this.isOpened(given) || (carried && this.isOpened(carried)) ? 'opened' : 'forbidden';
  }

  private isOpened(address: Address): boolean {
    return this.networks.some(
      ([network, bits]) => network.kind() === address.kind() && address.match(network, bits),
    );
  }
}

function parse(address: string): Address {
  // ipaddr.js reads `::127.0.0.1` as an IPv4-mapped address. In the form that URLs have there are only words.
  return ipaddr.parse(isIP(address) === 6 ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address);
}

function carriedIPv4(address: Address): ipaddr.IPv4 | undefined {
  if (!isIPv6(address) || !CARRIERS.some((carrier) => address.match(carrier))) return undefined;
  return new ipaddr.IPv4(address.toByteArray().slice(-4));
}

function isPublic(address: Address): boolean {
  if (address.range() !== 'unicast') return false;
  if (!isIPv6(address)) return address.toString() !== AZURE_PLATFORM;
  // Outside of it are IPv4-compatible addresses, `::127.0.0.1` among them, which ipaddr.js calls unicast.
  return address.match(GLOBAL_UNICAST) && !isIsatap(address);
}

function isIsatap({ parts }: ipaddr.IPv6): boolean {
  return ISATAP.universal.includes(parts[4] ?? 0) && parts[5] === ISATAP.mark;
}

function isIPv6(address: Address): address is ipaddr.IPv6 {
  return address.kind() === 'ipv6';
}
