/** FreeSWITCH's call states, as far as an answered inbound channel sees them, with their numbers. */
export const CALL_STATES = { RINGING: 2, ACTIVE: 4, HELD: 5, HANGUP: 7, UNHELD: 8 } as const;
export type CallState = keyof typeof CALL_STATES;

/** The states of the core's machine that show in events, with their numbers. */
export const CORE_STATES = { CS_ROUTING: 2, CS_EXECUTE: 4, CS_HANGUP: 10, CS_REPORTING: 11, CS_DESTROY: 12 } as const;
export type CoreState = keyof typeof CORE_STATES;

/** Where a channel is in its life. */
export type Life =
  | { readonly kind: 'up'; readonly core: 'CS_EXECUTE' | 'CS_ROUTING'; readonly call: Exclude<CallState, 'HANGUP'> }
  /** Hung up: the core still finishes what runs, then tidies. */
  | { readonly kind: 'ending'; readonly core: CoreState; readonly call: CallState; readonly cause: string };
