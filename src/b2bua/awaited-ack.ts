import type { Sdp } from '../coaching/leg.ts';
import { withResolvers } from './deadline.ts';
import { detached } from './dialog-memory.ts';
import { cseqOf } from './re-invite.ts';
import { sdpIn } from './sdp.ts';
import type { StackMessage } from './stack.ts';

/**
 * The ACK to the 200 we sent last. It has the CSeq of the INVITE; srf tells of an ACK one turn late: that of the previous exchange
 * may come when the next INVITE is here already.
 */
export class AwaitedAck {
  #heard: ((ack: StackMessage) => void) | undefined;

  /** Resolves with the SDP in the ACK, in the moment it is heard; `settled` is called right before. */
  to(cseq: number, settled: () => void): Promise<Sdp | undefined> {
    const { promise, resolve } = withResolvers<Sdp | undefined>();
    this.#heard = (ack) => {
      if (cseqOf(ack) !== cseq) return;
      this.#heard = undefined;
      settled();
      const answer = sdpIn(ack);
      resolve(answer === undefined ? undefined : detached(answer));
    };
    return promise;
  }

  heard(ack: StackMessage): void {
    this.#heard?.(ack);
  }
}
