import { tagOf } from '../../src/embedded/sip/address.ts';
import { SipHeaders } from '../../src/embedded/sip/headers.ts';
import { randomCallId, randomTag } from '../../src/embedded/sip/identifiers.ts';
import { responseTo, type SipRequest, type SipResponse } from '../../src/embedded/sip/message.ts';
import { type ServerTransaction, TransactionLayer } from '../../src/embedded/sip/transaction.ts';
import { type SipTarget, SipTransport } from '../../src/embedded/sip/transport.ts';
import { authorization, type Credentials } from './digest-client.ts';
import type { ExtraHeaders } from './dialog.ts';
import type { Frame } from './frames.ts';
import type { Codec } from './g711.ts';
import { IncomingCall } from './incoming-call.ts';
import { Line } from './line.ts';
import { type CallOptions, OutgoingCall } from './outgoing-call.ts';
import type { Listener, SentPacket, Speaker } from './party.ts';
import { PhoneMedia } from './phone-media.ts';
import { type ProbeOptions, RtpProbe } from './probe.ts';
import { SipHistory } from './sip-history.ts';
import type { Voice } from './voice.ts';
import type { Wait } from './watch.ts';

/** What a phone does by itself with a call that comes in. */
export type OnIncoming =
  | 'answer'
  /** Rings (180) until the test answers or rejects. */
  | 'ring'
  /** Rings, then answers after the time its INVITE asks for; without such a header it goes on ringing. */
  | 'auto-answer'
  /** Not a word, not even 100. */
  | 'ignore'
  | { readonly reject: number; readonly headers?: ExtraHeaders }
  | { readonly redirect: string };

export interface PhoneOptions extends Omit<ProbeOptions, 'codec'> {
  /** User part of its address; default is its name. */
  readonly user?: string;
  /** In order of preference; default PCMU, PCMA. */
  readonly codecs?: readonly Codec[];
  readonly protocol?: SipTarget['protocol'];
  /** Where it sends INVITE and REGISTER; default is where their URI points to. */
  readonly proxy?: SipTarget;
  readonly credentials?: Credentials;
  /** Default 'answer'. */
  readonly onIncoming?: OnIncoming;
}

/** A telephone of a test: a SIP user agent on 127.0.0.1 and an RTP probe that says its voice and writes down what it hears. */
export class Phone implements Listener, Speaker, AsyncDisposable {
  readonly name: string;
  readonly voice: Voice;
  readonly probe: RtpProbe;
  readonly history = new SipHistory();
  /** Every call it had, in order. */
  readonly calls: (IncomingCall | OutgoingCall)[] = [];
  onIncoming: OnIncoming;
  /** `sip:user@127.0.0.1:port` */
  readonly uri: string;
  readonly sipPort: number;
  readonly #options: PhoneOptions;
  readonly #line: Line;
  readonly #media: PhoneMedia;
  readonly #registration = { callId: randomCallId(), tag: randomTag(), cseq: 0 };
  #taken = 0;
  #closing: Promise<void> | undefined;

  private constructor(options: PhoneOptions, probe: RtpProbe, transport: SipTransport) {
    const { name, user = name, protocol = 'udp', codecs = ['PCMU', 'PCMA'], onIncoming = 'answer' } = options;
    this.#options = options;
    this.name = name;
    this.voice = options.voice;
    this.probe = probe;
    this.onIncoming = onIncoming;
    this.sipPort = protocol === 'tcp' ? transport.tcpPort : transport.udpPort;
    this.uri = `sip:${encodeURIComponent(user)}@127.0.0.1:${this.sipPort}${protocol === 'tcp' ? ';transport=tcp' : ''}`;
    this.history.record(transport);
    const layer = new TransactionLayer(transport, { autoTrying: false });
    this.#line = new Line({ name, contact: this.uri, credentials: options.credentials, layer, history: this.history });
    this.#media = new PhoneMedia(probe, codecs, options.ptime ?? 20);
    layer.onRequest((transaction, request) => this.#handle(this.#receive(transaction, request)));
    layer.onAck((ack) => this.calls.find((call) => call.owns(ack))?.acknowledge(ack));
    layer.onCancel((invite, cancel) => {
      const call = this.calls.find((each) => each instanceof IncomingCall && each.isOf(invite));
      if (call instanceof IncomingCall) this.#handle(call.cancelled(cancel));
    });
  }

  static async open(options: PhoneOptions): Promise<Phone> {
    const [probe, transport] = await Promise.all([RtpProbe.open(options), SipTransport.listen({ host: '127.0.0.1' })]);
    return new Phone(options, probe, transport);
  }

  get sent(): readonly SentPacket[] {
    return this.probe.sent;
  }
  frames(): readonly Frame[] {
    return this.probe.frames();
  }

  /** Calls; the state of the call is in what is returned. */
  call(uri: string, options: CallOptions = {}): OutgoingCall {
    const { proxy } = this.#options;
    const via = options.via ?? proxy;
    const call = new OutgoingCall(this.#line, this.#media, uri, { ...options, ...(via === undefined ? {} : { via }) });
    this.calls.push(call);
    return call;
  }

  /** The next call that comes in and was not asked for before; it may have come already. */
  async incoming(wait?: Wait): Promise<IncomingCall> {
    const calls = () => this.calls.filter((call) => call instanceof IncomingCall);
    const next = this.#taken++;
    return this.#line.until('to be called', () => calls()[next], wait);
  }

  /** Registers its address for `expires` s. @returns the status of the last response. */
  async register(registrar: SipTarget, expires = 300): Promise<number> {
    const uri = `sip:${registrar.address}:${registrar.port}${registrar.protocol === 'tcp' ? ';transport=tcp' : ''}`;
    const address = `sip:${encodeURIComponent(this.#options.user ?? this.name)}@${registrar.address}:${registrar.port}`;
    const attempt = (extra: ExtraHeaders): Promise<[SipRequest, SipResponse]> => {
      const headers = SipHeaders.from({
        'Max-Forwards': '70',
        From: `<${address}>;tag=${this.#registration.tag}`,
        To: `<${address}>`,
        'Call-ID': this.#registration.callId,
        CSeq: `${++this.#registration.cseq} REGISTER`,
        Contact: `<${this.uri}>`,
        Expires: String(expires),
        ...extra,
      });
      const request: SipRequest = { kind: 'request', method: 'REGISTER', uri, headers, body: '' };
      return this.#line.ask(request, registrar).then((response) => [request, response]);
    };
    const [request, response] = await attempt({});
    const { credentials } = this.#options;
    if ((response.status !== 401 && response.status !== 407) || credentials === undefined) return response.status;
    const header = authorization(request, response, credentials);
    if (header === undefined) return response.status;
    return (await attempt({ [header.name]: header.value }))[1].status;
  }

  unregister(registrar: SipTarget): Promise<number> {
    return this.register(registrar, 0);
  }

  /** Pulls the plug: no BYE, no sound, the ports are closed. */
  close(): Promise<void> {
    this.#closing ??= Promise.all([this.#line.close(), this.probe.close()]).then(() => undefined);
    return this.#closing;
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #receive(transaction: ServerTransaction, request: SipRequest): Promise<void> {
    const known = this.calls.find((call) => call.owns(request));
    if (known !== undefined && known.state !== 'ended') await known.receive(transaction, request);
    else if (tagOf(request.headers.get('To')) !== '') await transaction.respond(responseTo(request, 481));
    else if (request.method === 'INVITE') await this.#ring(new IncomingCall(this.#line, this.#media, transaction));
    else await transaction.respond(responseTo(request, request.method === 'OPTIONS' ? 200 : 501));
    this.#line.changed();
  }

  async #ring(call: IncomingCall): Promise<void> {
    this.calls.push(call);
    this.#line.changed();
    const reaction = this.onIncoming;
    if (reaction === 'ignore') return;
    if (reaction === 'answer') await call.answer();
    else if (typeof reaction === 'object') {
      if ('redirect' in reaction) await call.redirect(reaction.redirect);
      else await call.reject(reaction.reject, reaction.headers);
    } else {
      await call.ring();
      if (reaction === 'auto-answer' && call.autoAnswer !== undefined) {
        const answer = () => this.#handle(call.answer());
        if (call.autoAnswer.after === 0) answer();
        else setTimeout(answer, call.autoAnswer.after * 1000).unref();
      }
    }
  }

  /** What goes wrong while reacting to the network shows in the history, where a failing test looks. */
  #handle(reaction: Promise<void>): void {
    reaction
      .catch((error: unknown) => {
        this.history.note(`${this.name} failed: ${String(error)}`);
      })
      .finally(() => this.#line.changed());
  }
}
