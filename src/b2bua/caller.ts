import type { Device } from '../coaching/device.ts';
import type { Party } from '../coaching/leg.ts';
import type { Directory } from '../coaching/ports.ts';
import type { Digest } from './digest.ts';
import type { Refusal } from './responses.ts';
import { displayText, parseNameAddr, splitList, userOf } from './sip-uri.ts';
import type { Sources } from './source.ts';
import type { StackRequest } from './stack.ts';

export interface Caller {
  readonly from: 'switch' | Device;
  /** Came from the switch, which is believed what it says (RFC 3325). */
  readonly trusted: boolean;
  readonly party: Omit<Party, 'legId'>;
}

/** Who may call, and who it is. */
export class Callers {
  readonly #directory: Directory;
  readonly #switch: Sources;
  readonly #digest: Digest;

  constructor(directory: Directory, switchSources: Sources, digest: Digest) {
    this.#directory = directory;
    this.#switch = switchSources;
    this.#digest = digest;
  }

  /** The switch is known by its address and says who calls, which may be one of our devices; a device proves that it is the one whose number it shows. */
  identify(invite: StackRequest): Caller | Refusal {
    const from = parseNameAddr(invite.get('From') ?? '');
    const number = from && userOf(from.uri);
    if (this.#switch.has(invite.source_address, invite.source_port)) {
      const party = this.#asserted(invite);
      return { from: this.#directory.deviceByNumber(party.phoneNumber) ?? 'switch', trusted: true, party };
    }

    const shown = number === undefined ? undefined : this.#directory.deviceByNumber(number);
    if (shown === undefined) return { status: 403 };
    const proven = this.#digest.authenticate(invite, 407);
    if ('status' in proven) return proven;
    if (proven.deviceId !== shown.id) return { status: 403 };
    const { id: deviceId, phoneNumber } = shown;
    return { from: shown, trusted: false, party: { deviceId, phoneNumber, displayName: displayText(from?.display) } };
  }

  /** P-Asserted-Identity (RFC 3325), which may differ from what the caller shows. */
  #asserted(invite: StackRequest): Omit<Party, 'legId'> {
    const identities = [...splitList(invite.get('P-Asserted-Identity') ?? ''), invite.get('From') ?? ''].map(
      parseNameAddr,
    );
    const identity = identities.find((each) => each !== undefined && userOf(each.uri) !== undefined);
    const phoneNumber = (identity && userOf(identity.uri)) ?? 'anonymous';
    const display = identity?.display ?? identities.at(-1)?.display;
    return {
      deviceId: this.#directory.deviceByNumber(phoneNumber)?.id,
      phoneNumber,
      displayName: displayText(display),
    };
  }
}
