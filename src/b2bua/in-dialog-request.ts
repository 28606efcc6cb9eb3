import { EarpieceError } from '../coaching/errors.ts';
import { withResolvers } from './deadline.ts';
import { respond } from './responses.ts';
import type { Acknowledge, Content, SentRequest, Stack, StackResponse } from './stack.ts';

/** The final response to a request within a dialog. */
export interface FinalResponse {
  readonly response: StackResponse;
  /** To be called for a 2xx to an INVITE, and for nothing else: drachtio acknowledges the others. */
  readonly acknowledge: Acknowledge;
}

export interface InDialogRequest extends Content {
  readonly method: string;
  /** The dialog by drachtio's name; without it the headers say what dialog it is. */
  readonly stackDialogId?: string;
  readonly proxy?: string;
}

/**
 * Sends a request in a dialog; resolves with its final response, whatever that is. Rejects with `timeout` when there is none
 * within `ms` milliseconds (an INVITE is cancelled then, and a 2xx that comes later is acknowledged), with `unavailable`
 * when drachtio cannot send it, or `lost` says that it cannot tell any more how it ended. `answered` is called while the final
 * response is handled.
 *
 * Not through `Dialog#modify`, which hangs for ever after a non-200 response (measured), nor `Dialog#request`, which gives up the
 * dialog when the connection to drachtio was renewed and drops an UPDATE that crosses an INVITE.
 */
export function requestInDialog(
  stack: Stack,
  uri: string,
  request: InDialogRequest,
  ms: number,
  lost: AbortSignal,
  answered: (sent: SentRequest, final: FinalResponse) => void = () => undefined,
): Promise<FinalResponse> {
  const { method } = request;
  const { promise, resolve, reject } = withResolvers<FinalResponse>();
  let sent: SentRequest | undefined;
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    if (method === 'INVITE') sent?.cancel({ headers: {} }, ignored);
    reject(new EarpieceError('timeout', `the phone did not answer ${method} within ${ms} ms`));
  }, ms);
  const fail = (cause: unknown) => {
    clearTimeout(timer);
    reject(new EarpieceError('unavailable', `${method} could not be sent`, { cause }));
  };
  const forsaken = () => fail(lost.reason);
  lost.addEventListener('abort', forsaken, { once: true });

  try {
    stack.request(uri, request, (error, outgoing) => {
      if (outgoing === undefined) {
        fail(error);
        return;
      }
      sent = outgoing;
      // Glare: the phone changes its session while we do (RFC 3311 5.2).
      outgoing.on('update', (_update, reply) => respond(reply, { status: 491 }));
      outgoing.on('response', (response, acknowledge) => {
        if (response.status < 200) return;
        clearTimeout(timer);
        const accepted = method === 'INVITE' && response.status < 300;
        if (late && accepted) acknowledge();
        // Whatever it throws would end the connection to drachtio, on which srf is reading.
        try {
          answered(outgoing, { response, acknowledge });
        } catch (error) {
          if (!late && accepted) acknowledge();
          fail(error);
          return;
        }
        resolve({ response, acknowledge });
      });
    });
  } catch (error) {
    fail(error); // There is no connection to drachtio at the moment.
  }
  return promise.finally(() => lost.removeEventListener('abort', forsaken));
}

/** Whether a request could not be sent because drachtio has no such dialog any more. */
export function isDialogGone(error: unknown): boolean {
  const cause = error instanceof EarpieceError ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause && cause.code === 'ENODIALOG';
}

/** Whether a CANCEL reached drachtio makes no difference: its INVITE is given up either way. */
function ignored(): void {
  return undefined;
}
