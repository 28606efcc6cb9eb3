import type { Device, DeviceId } from '../coaching/device.ts';
import type { Directory } from '../coaching/ports.ts';
import type { SharedMap } from '../coaching/shared.ts';
import { Bindings, type Contact } from './bindings.ts';
import type { Digest } from './digest.ts';
import { type Refusal, respond } from './responses.ts';
import { SharedBindings } from './shared-bindings.ts';
import { parseNameAddr, parseSipUri, splitList, userOf } from './sip-uri.ts';
import type { Reply, StackRequest } from './stack.ts';

export interface RegistrarOptions {
  /** In seconds. Shorter registrations are refused (423), longer ones shortened. */
  readonly minExpires?: number;
  readonly maxExpires?: number;
  readonly defaultExpires?: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** setTimeout takes no more, in ms. */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * Where the devices are that register (RFC 3261 section 10), with whichever instance they did. Made before everything else: the
 * directory asks it who is there.
 */
export class Registrar {
  readonly #bindings = new Bindings();
  readonly #shared: SharedBindings | undefined;
  readonly #now: () => number;
  readonly #limits: { readonly min: number; readonly max: number; readonly standard: number };
  #changed: (deviceId: DeviceId) => void = () => undefined;
  #timer: NodeJS.Timeout | undefined;
  #watching = false;

  /** `shared` is where registrations outlive the process, and are seen by other instances. */
  constructor(
    { minExpires = 60, maxExpires = 7200, defaultExpires = 3600, now = Date.now }: RegistrarOptions = {},
    shared?: SharedMap<unknown>,
  ) {
    this.#limits = { min: minExpires, max: maxExpires, standard: defaultExpires };
    this.#now = now;
    this.#shared = shared && new SharedBindings(shared);
    this.#shared?.follow((deviceId, uri, binding) => {
      this.#noticing(deviceId, () => this.#bindings.set(deviceId, uri, binding));
      this.#watchSoon();
    });
  }

  isActive(deviceId: DeviceId): boolean {
    return this.contacts(deviceId).length > 0;
  }

  /** The most recent first. */
  contacts(deviceId: DeviceId): Contact[] {
    return this.#bindings.contacts(deviceId, this.#now());
  }

  /** Who is told when a device comes or goes. */
  onChange(changed: (deviceId: DeviceId) => void): void {
    this.#changed = changed;
  }

  /** Answers a REGISTER: who may register what is in `directory`, with which password is in `digest`. */
  register(request: StackRequest, reply: Reply, directory: Directory, digest: Digest): void {
    const proven = digest.authenticate(request, 401);
    const outcome = 'status' in proven ? proven : this.#accept(request, directory.device(proven.deviceId));
    if (!('contacts' in outcome)) {
      respond(reply, outcome);
      return;
    }
    const now = this.#now();
    const contacts = outcome.contacts.map(
      ({ uri, expiresAt }) => `<${uri}>;expires=${Math.ceil((expiresAt - now) / 1000)}`,
    );
    respond(reply, { status: 200, headers: contacts.length > 0 ? { Contact: contacts.join(', ') } : {} });
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#shared?.close();
    this.#changed = () => undefined;
  }

  #accept(request: StackRequest, device: Device | undefined): { readonly contacts: Contact[] } | Refusal {
    const who = userOf(parseNameAddr(request.get('To') ?? '')?.uri ?? '');
    if (device === undefined || who === undefined) return { status: 403 };
    if (who !== device.phoneNumber && !this.#ownName(request, who)) return { status: 403 };

    const transaction = { callId: request.get('Call-ID') ?? '', cseq: Number.parseInt(request.get('CSeq') ?? '', 10) };
    if (!Number.isInteger(transaction.cseq)) return { status: 400 };
    const header = request.get('Contact');
    const before = this.#bindings.of(device.id);
    if (header !== undefined) {
      const refusal = this.#noticing(device.id, () =>
        header.trim() === '*'
          ? this.#unregister(request, device, transaction)
          : this.#bind(request, header, device, transaction),
      );
      if (refusal !== undefined) return refusal;
      this.#shared?.changed(device.id, before, this.#bindings.of(device.id), this.#now());
      this.#watch();
    }
    return { contacts: this.contacts(device.id) };
  }

  /** A phone that logs in by a name may register that name instead of its number. */
  #ownName(request: StackRequest, who: string): boolean {
    return new RegExp(/username\s*=\s*"((?:[^"\\]|\\.)*)"/i).exec(request.get('Authorization') ?? '')?.[1] === who;
  }

  #unregister(
    request: StackRequest,
    device: Device,
    transaction: { callId: string; cseq: number },
  ): Refusal | undefined {
    // RFC 3261 10.3 step 6: `*` stands alone and takes everything away.
    if (request.get('Expires')?.trim() !== '0') return { status: 400 };
    return this.#bindings.clear(device.id, transaction) ? undefined : { status: 500 };
  }

  #bind(
    request: StackRequest,
    header: string,
    device: Device,
    transaction: { callId: string; cseq: number },
  ): Refusal | undefined {
    const contacts = [];
    for (const element of splitList(header)) {
      const contact = parseNameAddr(element);
      const uri = contact && parseSipUri(contact.uri);
      if (contact === undefined || uri === undefined) return { status: 400, reason: 'Bad Contact' };
      const seconds = this.#seconds(contact.params.get('expires') ?? request.get('Expires'));
      if (seconds === 'too-brief') return { status: 423, headers: { 'Min-Expires': String(this.#limits.min) } };
      contacts.push({ uri: contact.uri, seconds, route: routeTo(request, uri) });
    }
    return this.#bindings.update(device.id, { ...transaction, contacts }, this.#now()) ? undefined : { status: 500 };
  }

  /** A malformed value counts as the standard one (RFC 3261 10.2.1.1). */
  #seconds(text: string | undefined): number | 'too-brief' {
    const { min, max, standard } = this.#limits;
    const asked = text !== undefined && /^\s*\d+\s*$/.test(text) ? Number(text) : standard;
    if (asked !== 0 && asked < min) return 'too-brief';
    return Math.min(asked, max);
  }

  /** Says when a change makes a device come or go. */
  #noticing<T>(deviceId: DeviceId, change: () => T): T {
    const active = this.isActive(deviceId);
    const outcome = change();
    if (active !== this.isActive(deviceId)) this.#changed(deviceId);
    return outcome;
  }

  #expire(): void {
    for (const [deviceId, bindings] of this.#bindings.expire(this.#now())) {
      for (const binding of bindings) {
        const renewed = () => this.#bindings.of(deviceId).some(({ uri }) => uri === binding.uri);
        this.#shared?.expired(deviceId, binding, renewed);
      }
      if (!this.isActive(deviceId)) this.#changed(deviceId);
    }
  }

  /** Many that are told at once are looked at once. */
  #watchSoon(): void {
    if (this.#watching) return;
    this.#watching = true;
    queueMicrotask(() => {
      this.#watching = false;
      this.#watch();
    });
  }

  #watch(): void {
    clearTimeout(this.#timer);
    const next = this.#bindings.nextExpiry;
    if (next === undefined) return;
    this.#timer = setTimeout(
      () => {
        this.#expire();
        this.#watch();
      },
      Math.min(Math.max(next - this.#now(), 0) + 1, LONGEST_TIMER),
    );
    this.#timer.unref();
  }
}

/**
 * How the phone is reached when its Contact is not the whole truth: through the proxies it named (RFC 3327), or where its
 * REGISTER came from, which behind NAT differs from where it believes to be (RFC 3581 4).
 */
function routeTo(
  request: StackRequest,
  contact: { readonly host: string; readonly port: number | undefined },
): string | undefined {
  const path = parseNameAddr(splitList(request.get('Path') ?? '')[0] ?? '')?.uri;
  if (path !== undefined) return path;
  const { source_address: address, source_port: port, protocol } = request;
  if (contact.host === address && (contact.port ?? 5060) === port) return undefined;
  const host = address.includes(':') ? `[${address}]` : address;
  return `sip:${host}:${port}${protocol.toLowerCase() === 'udp' ? '' : `;transport=${protocol.toLowerCase()}`}`;
}
