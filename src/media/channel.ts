import type Mrf from 'drachtio-fsmrf';
import { EarpieceError } from '../coaching/errors.ts';
import type { Sdp } from '../coaching/leg.ts';
import { sayBye } from './bye.ts';
import type { Endpoint } from './endpoint.ts';
import type { FreeSwitch } from './freeswitch.ts';
import { Patience } from './patience.ts';

/** How a member came into a conference, as FreeSWITCH itself says it. */
export interface Joined {
  readonly memberId: number;
  readonly hears: boolean;
  readonly speaks: boolean;
  /** The profile that the conference has: `none` when there is none of the name that was asked for (FreeSWITCH 1.10.12). */
  readonly profile: string;
}

/** One channel of FreeSWITCH: a SIP dialog between it and us, and the outbound event socket on which it reports. */
export class Channel {
  readonly uuid: string;
  /** Resolves, once, when the channel has ended or left its conference, with what happened. */
  readonly gone: Promise<string>;
  readonly #freeswitch: FreeSwitch;
  readonly #dialog: Mrf.SipDialog;
  readonly #dialogs: AbortSignal;
  readonly #events: Mrf.EventSocket;
  readonly #released: Promise<string>;
  readonly #silent: Promise<string>;
  #sdp: Sdp;
  #isGone = false;

  private constructor(freeswitch: FreeSwitch, { dialog, events }: Endpoint) {
    const told = (header: string) => events.getInfo()?.getHeader(header) ?? '';
    this.uuid = told('Channel-Unique-ID');
    this.#freeswitch = freeswitch;
    this.#dialogs = freeswitch.dialogs;
    this.#dialog = dialog;
    this.#events = events;
    this.#sdp = told('variable_rtp_local_sdp_str');
    events.subscribe('CHANNEL_CALLSTATE CUSTOM conference::maintenance');
    events.filter('Unique-ID', this.uuid);
    this.#released = new Promise<string>((resolve) => dialog.once('destroy', () => resolve('FreeSWITCH sent BYE')));
    this.#silent = new Promise<string>((resolve) =>
      events.once('esl::end', () => resolve('its event socket was closed')),
    );
    this.gone = Promise.race([this.#hungUp(), this.#released, this.#silent, this.#left()]).finally(() => {
      this.#isGone = true;
    });
  }

  /** Rejects with `unavailable` or `timeout`; then no channel is left. */
  static async open(freeswitch: FreeSwitch, remote: Sdp): Promise<Channel> {
    return new Channel(freeswitch, await freeswitch.createEndpoint(remote));
  }

  /** Whether `gone` has come true. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** What FreeSWITCH says of the channel's media. */
  get sdp(): Sdp {
    return this.#sdp;
  }

  /** Tells FreeSWITCH what the other side of the channel's media is now. Rejects with `unavailable` or `timeout`. */
  async redescribe(remote: Sdp): Promise<void> {
    const answered = new Promise<Sdp>((resolve, reject) => {
      // Not Dialog.modify: after any answer but 200 it hangs for ever on that dialog (measured, drachtio-srf 5.0.29).
      this.#dialog.request({ method: 'INVITE', body: remote }, (error, response) => {
        if (error) reject(EarpieceError.from(error));
        else if (response.status === 200) resolve(response.body);
        else if (response.status > 200)
          reject(new EarpieceError('unavailable', `FreeSWITCH answered a re-INVITE with ${response.status}`));
      });
    });
    this.#sdp = await this.#freeswitch.setup('changing an endpoint', this.#unlessGone(answered));
  }

  /**
   * Runs the conference application, in the form `name@profile++flags{…}`. Not fsmrf's join, which waits for ever and throws out
   * of a socket's event when it is told twice. Rejects with `unavailable` or `timeout`.
   */
  join(conference: string): Promise<Joined> {
    const joined = new Promise<Joined>((resolve) => {
      this.#onMaintenance((action, event) => {
        if (action !== 'add-member') return;
        const memberId = Number(event.getHeader('Member-ID'));
        // Only `false` is a no: what FreeSWITCH does not say is not taken for silence.
        const [hears, speaks] = ['Hear', 'Speak'].map((header) => event.getHeader(header) !== 'false');
        const profile = event.getHeader('Conference-Profile-Name') ?? '';
        resolve({ memberId, hears: hears !== false, speaks: speaks !== false, profile });
      });
    });
    this.#events.execute('conference', conference);
    return this.#freeswitch.setup('joining a conference', this.#unlessGone(joined));
  }

  /**
   * Ends the channel. Rejects with `unavailable` or `timeout` when its end could not be seen.
   * By the event socket first, which works also when the SIP side was lost with a connection to drachtio.
   */
  async end(): Promise<void> {
    const failure = await this.#kill().then(noFailure, (error: unknown) => EarpieceError.from(error));
    // FreeSWITCH is gone, or its BYE was lost: the dialog would stay for ever in drachtio and in drachtio-srf.
    if (this.#dialog.connected && !this.#dialogs.aborted)
      await sayBye(this.#dialog, this.#freeswitch.limits.replyTimeoutMs);
    if (failure !== undefined) throw failure;
  }

  async #kill(): Promise<void> {
    await this.#freeswitch.api(`uuid_kill ${this.uuid}`);
    await this.#freeswitch.setup('ending a channel', this.#silent);
    if (this.#dialogs.aborted) return;
    const { replyTimeoutMs } = this.#freeswitch.limits;
    await new Patience().wait('the BYE of FreeSWITCH', replyTimeoutMs, this.#released);
  }

  #hungUp(): Promise<string> {
    return new Promise((resolve) => {
      this.#events.on(`esl::event::CHANNEL_CALLSTATE::${this.uuid}`, (event) => {
        if (event.getHeader('Channel-Call-State') === 'HANGUP') resolve('the channel has ended');
      });
    });
  }

  #left(): Promise<string> {
    return new Promise((resolve) => {
      this.#onMaintenance((action) => {
        if (action === 'del-member') resolve('it left the conference');
      });
    });
  }

  #onMaintenance(listener: (action: string | null, event: Mrf.EventSocketEvent) => void): void {
    this.#events.on(`esl::event::CUSTOM::${this.uuid}`, (event) => {
      if (event.getHeader('Event-Subclass') === 'conference::maintenance') listener(event.getHeader('Action'), event);
    });
  }

  #unlessGone<T>(work: Promise<T>): Promise<T> {
    const gone = this.gone.then((reason) => {
      throw new EarpieceError('unavailable', reason);
    });
    return Promise.race([work, gone]);
  }
}

const noFailure = (): undefined => undefined;
