import { repeatUntilAcknowledged } from '../sip/success-repetition.ts';
import type { SipRequest, SipResponse } from '../sip/message.ts';
import type { TransactionLayer } from '../sip/transaction.ts';
import type { SipTarget } from '../sip/transport.ts';

/** A provisional response that is repeated until its PRACK comes (RFC 3262 3). */
export class ReliableProvisional {
  readonly stop: () => void;
  readonly #expected: string;

  constructor(layer: TransactionLayer, response: SipResponse, target: SipTarget, unacknowledged: () => void) {
    const { headers } = response;
    this.#expected = `${headers.get('rseq') ?? ''} ${headers.get('cseq') ?? ''}`;
    this.stop = repeatUntilAcknowledged(layer.transport, layer.timers, response, target, unacknowledged);
  }

  /** @returns whether this PRACK was for this response, by its RAck. */
  acknowledge(prack: SipRequest): boolean {
    if (prack.headers.get('rack')?.replace(/\s+/g, ' ') !== this.#expected) return false;
    this.stop();
    return true;
  }
}

/** Whether an application wants this provisional response sent reliably. */
export const wantsReliability = ({ status, headers }: SipResponse): boolean =>
  status > 100 && status < 200 && names100rel(headers.getAll('require'));

/** Whether the caller knows PRACK (RFC 3262 4): without it no response may be reliable. */
export const knowsReliability = ({ headers }: SipRequest): boolean =>
  names100rel([...headers.getAll('supported'), ...headers.getAll('require')]);

const names100rel = (values: readonly string[]): boolean =>
  values.some((value) => /(^|[\s,])100rel($|[\s,])/i.test(value));

/** RFC 3262 3: the first RSeq is chosen from 1 to 2^31 - 1, each next one is one higher. */
export const firstRSeq = (): number => 1 + Math.floor(Math.random() * 2 ** 30);
