import type { Party } from '../coaching/leg.ts';
import type { Directory } from '../coaching/ports.ts';
import type { Digest } from './digest.ts';
import type { B2buaOptions } from './options.ts';
import type { Refusal } from './responses.ts';
import { displayText, parseNameAddr, splitList, userOf } from './sip-uri.ts';
import { Sources } from './source.ts';
import type { StackRequest } from './stack.ts';

export interface Caller {
  /** For the log: the id of a device, or `switch`. */
  readonly from: string;
  /** Came from the switch, which is believed what it says (RFC 3325). */
  readonly trusted: boolean;
  readonly party: Omit<Party, 'legId'>;
}

/** Who may call, and who it is. */
export class Callers {
  readonly #directory: Directory;
  readonly #switch: { readonly sources: Sources; readonly trustFrom: boolean };
  readonly #digest: Pick<Digest, 'authenticate'>;

  constructor(
    directory: Directory,
    { addresses, trustFrom = false }: Pick<B2buaOptions['switch'], 'addresses' | 'trustFrom'>,
    digest: Pick<Digest, 'authenticate'>,
  ) {
    this.#directory = directory;
    this.#switch = { sources: new Sources(addresses), trustFrom };
    this.#digest = digest;
  }

  /**
   * The switch is known by its address, and a caller is one of our devices when the switch asserts so; a device that comes to us
   * itself proves that it is the one whose number it shows.
   */
  identify(invite: StackRequest): Caller | Refusal {
    const from = parseNameAddr(invite.get('From') ?? '');
    const number = from && userOf(from.uri);
    if (this.#switch.sources.has(invite.source_address, invite.source_port)) {
      const party = this.#ofSwitch(invite);
      return { from: party.deviceId ?? 'switch', trusted: true, party };
    }

    const shown = number === undefined ? undefined : this.#directory.deviceByNumber(number);
    if (shown === undefined) return { status: 403 };
    const proven = this.#digest.authenticate(invite, 407);
    if ('status' in proven) return proven;
    if (proven.deviceId !== shown.id) return { status: 403 };
    const { id: deviceId, phoneNumber } = shown;
    return {
      from: deviceId,
      trusted: false,
      party: { deviceId, phoneNumber, displayName: displayText(from?.display) },
    };
  }

  /**
   * P-Asserted-Identity (RFC 3325), which may differ from what the caller shows. Without one the caller has the number it shows, and
   * is no device of ours: From is the caller's own word, and whoever came in through a trunk showing an agent's number would hear
   * what is whispered to the agent.
   */
  #ofSwitch(invite: StackRequest): Omit<Party, 'legId'> {
    const asserted = splitList(invite.get('P-Asserted-Identity') ?? '').map(parseNameAddr);
    const identities = [...asserted, parseNameAddr(invite.get('From') ?? '')];
    const identity = identities.find((each) => each !== undefined && userOf(each.uri) !== undefined);
    const believed = this.#switch.trustFrom || asserted.includes(identity);
    const phoneNumber = (identity && userOf(identity.uri)) ?? 'anonymous';
    const display = identity?.display ?? identities.at(-1)?.display;
    return {
      deviceId: believed ? this.#directory.deviceByNumber(phoneNumber)?.id : undefined,
      phoneNumber,
      displayName: displayText(display),
    };
  }
}
