import { serializeMessage, type SipResponse } from './message.ts';
import { nothing } from './transaction-context.ts';
import type { Timers } from './timers.ts';
import type { SipTarget, SipTransport } from './transport.ts';

/**
 * Repeats a 2xx to INVITE until its ACK comes: after T1, doubling up to T2, on any transport (RFC 3261 13.3.1.4).
 * @param unacknowledged called after 64*T1 without an ACK; the session should then be ended with a BYE.
 * @returns a function to call when the ACK has come, or the dialog is gone.
 */
export function repeatUntilAcknowledged(
  transport: SipTransport,
  timers: Timers,
  response: SipResponse,
  target: SipTarget,
  unacknowledged: () => void,
): () => void {
  const text = serializeMessage(response);
  let interval = timers.T1;
  let timer = setTimeout(repeat, interval);
  const patience = setTimeout(() => {
    stop();
    unacknowledged();
  }, timers.giveUp);

  function repeat(): void {
    transport.sendBytes(text, target).catch(nothing);
    interval = Math.min(2 * interval, timers.T2);
    timer = setTimeout(repeat, interval);
  }

  function stop(): void {
    clearTimeout(timer);
    clearTimeout(patience);
  }

  return stop;
}
