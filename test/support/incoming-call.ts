import { responseTo, type SipRequest } from '../../src/embedded/sip/message.ts';
import { withTag } from '../../src/embedded/sip/message.ts';
import type { ServerTransaction } from '../../src/embedded/sip/transaction.ts';
import { Dialog, type ExtraHeaders } from './dialog.ts';
import type { Line } from './line.ts';
import { PhoneCall } from './phone-call.ts';
import type { PhoneMedia } from './phone-media.ts';

/** What an INVITE says about answering by itself: `Call-Info: …;answer-after=N` or `Alert-Info`. */
export interface AutoAnswer {
  /** s */
  readonly after: number;
  readonly alertInfo?: string;
}

/** A call that came to this phone. */
export class IncomingCall extends PhoneCall {
  readonly #transaction: ServerTransaction;

  constructor(line: Line, media: PhoneMedia, transaction: ServerTransaction) {
    super(line, media, transaction.request);
    this.#transaction = transaction;
    const to = withTag(this.invite.headers.get('To') ?? '', transaction.localTag);
    this.dialog = Dialog.ofCalled(this.invite, to, line.contact);
  }

  /** The auto-answer headers of the INVITE, undefined when it has none. */
  get autoAnswer(): AutoAnswer | undefined {
    const after = /answer-after\s*=\s*"?(\d+)/i.exec(this.invite.headers.getAll('Call-Info').join(','))?.[1];
    const alertInfo = this.invite.headers.get('Alert-Info');
    if (after === undefined && alertInfo === undefined) return undefined;
    return { after: Number(after ?? 0), ...(alertInfo === undefined ? {} : { alertInfo }) };
  }

  /** 180, or another provisional status; with `early` media from now on. */
  async ring({
    status = 180,
    early = false,
  }: {
    readonly status?: number;
    readonly early?: boolean;
  } = {}): Promise<void> {
    const body = early && this.invite.body !== '' ? this.media.answer(this.invite.body) : undefined;
    const headers = {
      Contact: `<${this.line.contact}>`,
      ...(body === undefined ? {} : { 'Content-Type': 'application/sdp' }),
    };
    if (body !== undefined) this.media.apply(this.invite.body);
    await this.#transaction.respond(
      responseTo(this.invite, status, undefined, { headers, ...(body === undefined ? {} : { body }) }),
    );
  }

  /** 200; where no codec of the offer will do, 488. */
  async answer(options: { readonly sdp?: string; readonly headers?: ExtraHeaders } = {}): Promise<void> {
    if (this.state !== 'inviting') return;
    const dialog = this.dialog;
    if (dialog !== undefined && (await this.accept(this.#transaction, this.invite, options))) this.establish(dialog);
    else await this.reject(488);
  }

  async reject(status: number, headers: ExtraHeaders = {}): Promise<void> {
    if (this.state !== 'inviting') return;
    this.end({ kind: 'refused', status, at: performance.now() });
    await this.#transaction.respond(responseTo(this.invite, status, undefined, { headers }));
  }

  redirect(uri: string): Promise<void> {
    return this.reject(302, { Contact: `<${uri}>` });
  }

  /** The caller gave up. */
  async cancelled(request: SipRequest): Promise<void> {
    this.requests.push(request);
    this.end({ kind: 'cancelled', by: 'peer', at: performance.now() });
    await this.#transaction.respond(responseTo(this.invite, 487));
  }

  /** Is this the transaction that began the call? */
  isOf(transaction: ServerTransaction): boolean {
    return transaction === this.#transaction;
  }
}
