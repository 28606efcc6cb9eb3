import type { CallControl } from '../coaching/ports.ts';
import type { Logger } from '../log.ts';
import { guarded } from './guard.ts';
import type { Leg } from './leg.ts';
import type { LateOffer, LegListener } from './leg-listener.ts';
import { respond } from './responses.ts';
import { activated } from './sdp.ts';
import type { Reply, StackRequest } from './stack.ts';
import type { Sdp } from '../coaching/leg.ts';

/** Whoever keeps the legs of supervisors. */
export interface SupervisorJournal {
  changed(leg: Leg): void;
  /** The leg is over. */
  forgotten(leg: Leg): void;
}

/** What a supervisor's phone does, told to the core. It talks to the media server alone, never to another phone. */
export class SupervisorLeg implements LegListener<Leg> {
  readonly #control: CallControl;
  readonly #journal: SupervisorJournal;
  readonly #log: Logger;

  constructor(control: CallControl, journal: SupervisorJournal, log: Logger) {
    this.#log = log;
    this.#control = control;
    this.#journal = journal;
  }

  changed(leg: Leg): void {
    this.#journal.changed(leg);
  }

  async offered(leg: Leg, offer: Sdp): Promise<Sdp> {
    return this.#control.supervisorOffer(leg.id, offer);
  }

  asked(leg: Leg): Promise<LateOffer> {
    const answered = async (answer: Sdp | undefined) => {
      if (answer !== undefined) await this.#control.supervisorOffer(leg.id, answer);
    };
    return Promise.resolve({ offer: activated(leg.local), answered });
  }

  /** Digits of a supervisor are for nobody. */
  passed(_leg: Leg, _request: StackRequest, reply: Reply): void {
    respond(reply, { status: 200 });
  }

  ended(leg: Leg): void {
    this.#journal.forgotten(leg);
    // Not at once: a BYE in the same segment as the 200 comes before the core knows that the phone has answered.
    setImmediate(() => guarded(this.#log, 'supervisorLegEnded', () => this.#control.supervisorLegEnded(leg.id)));
  }
}
