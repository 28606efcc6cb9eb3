import type { Oracle } from '../support/oracle.ts';

/** When it happened, performance.now(), ms. What never happened is missing. */
export interface Moments {
  /** The customer's INVITE leaves. */
  readonly begun: number;
  /** The two parties hear each other. */
  established?: number;
  coachAsked?: number;
  /** The HTTP answer to Coach. */
  coachAccepted?: number;
  /** The agent hears the supervisor, for several frames on end. */
  supervisorIn?: number;
  cancelAsked?: number;
  /** The media of the call is direct again. */
  released?: number;
  ended?: number;
}

/** A call that was played: when its steps were taken, and what everyone said and heard. */
export interface Recording {
  readonly moments: Readonly<Moments>;
  readonly oracle: Oracle;
  /** Why the call did not come to its planned end. */
  readonly failure?: string;
}
