import type { LegId, Sdp } from '../coaching/leg.ts';
import type { DialOutcome } from '../coaching/ports.ts';
import type { Logger } from '../log.ts';
import { Attempt, isUnreachable, type Refused } from './attempt.ts';
import { withResolvers } from './deadline.ts';
import { ALLOW } from './headers.ts';
import { audioOf, codecNamesOf, sdpIn } from './sdp.ts';
import type { AnsweredDialog, Headers, Stack } from './stack.ts';
import type { Target } from './target.ts';

type Outcome = Exclude<DialOutcome['outcome'], 'answered'>;

export interface DialRequest {
  /** In the order in which they are tried. */
  readonly targets: readonly Target[];
  readonly offer: Sdp;
  /** From, To and what makes the phone answer by itself. */
  readonly headers: Headers;
  readonly ringMs: number;
  readonly log: Logger;
}

/**
 * Dials a supervisor's phone, until `signal` says that nobody wants it any more, or the connection to drachtio is `lost`. `adopt` takes the dialog over in the moment it is there, and gives its leg a name. Never rejects:
 * how a call ends that was not answered is an outcome.
 */
export function dialSupervisor(
  stack: Stack,
  { targets, offer, headers, ringMs, log }: DialRequest,
  { signal, lost }: { readonly signal: AbortSignal; readonly lost: AbortSignal },
  adopt: (dialog: AnsweredDialog, answer: Sdp) => LegId,
): Promise<DialOutcome> {
  const { promise, resolve } = withResolvers<DialOutcome>();
  let attempt: Attempt | undefined;
  const abort = () => attempt?.cancel();
  const forsaken = () => attempt?.lost();
  const end = (outcome: DialOutcome) => {
    signal.removeEventListener('abort', abort);
    lost.removeEventListener('abort', forsaken);
    resolve(outcome);
  };

  const tryNext = (rest: readonly Target[]): void => {
    const [target, ...others] = rest;
    if (signal.aborted) {
      end({ outcome: 'cancelled' });
      return;
    }
    if (target === undefined) {
      end({ outcome: 'unreachable' });
      return;
    }
    const options = {
      headers: { ...headers, Allow: ALLOW, 'Content-Type': 'application/sdp' },
      localSdp: offer,
      ...(target.proxy !== undefined && { proxy: target.proxy }),
      ...(target.auth !== undefined && { auth: target.auth }),
    };
    attempt = new Attempt(stack, target.uri, options, ringMs, {
      provisional: () => undefined,
      offered: (dialog) => {
        void dialog.destroy(); // Cannot be: our INVITE has an offer.
        end({ outcome: 'unreachable' });
      },
      answered: (dialog) => {
        const answer = sdpIn(dialog.res);
        if (answer === undefined || typeof audioOf(answer) === 'string') {
          // Picked up, but with nothing to talk through.
          dialog.destroy({ headers: { Reason: 'SIP;cause=488;text="No usable answer"' } }, () => undefined);
          end({ outcome: 'unreachable' });
          return;
        }
        end({ outcome: 'answered', legId: adopt(dialog, answer), answer });
      },
      refused: (refused) => {
        if (refused.status === 488)
          log.warn({ offered: codecNamesOf(offer) }, "the supervisor's phone speaks none of the codecs offered to it");
        if (others.length > 0 && isUnreachable(refused)) {
          tryNext(others);
          return;
        }
        end({ outcome: signal.aborted ? 'cancelled' : outcomeOf(refused) });
      },
    });
  };

  signal.addEventListener('abort', abort, { once: true });
  lost.addEventListener('abort', forsaken, { once: true });
  tryNext(targets);
  return promise;
}

const OUTCOMES: ReadonlyMap<number, Outcome> = new Map([
  [486, 'busy'],
  [600, 'busy'],
  [403, 'declined'],
  [603, 'declined'],
  [607, 'declined'],
  [480, 'no-answer'],
]);

export function outcomeOf(refused: Refused): Outcome {
  if (refused.timedOut || (refused.status === 408 && refused.rang)) return 'no-answer';
  return OUTCOMES.get(refused.status) ?? 'unreachable';
}
