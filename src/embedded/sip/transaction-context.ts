import type { Lingering } from './lingering.ts';
import type { SipMessage, SipResponse } from './message.ts';
import type { Timers } from './timers.ts';
import type { SipSource, SipTarget, SipTransport } from './transport.ts';

/** What every state machine shares with its layer. */
export interface TransactionContext {
  readonly transport: SipTransport;
  readonly timers: Timers;
  /** Client transactions that wait for an answer, by `clientKey`. */
  readonly clients: Map<string, ClientMachine>;
  /** Server transactions that are not answered, or whose ACK is missing, by `serverKey`. */
  readonly servers: Map<string, ServerMachine>;
  readonly answeredClients: Lingering;
  readonly answeredServers: Lingering;
}

export interface ClientMachine {
  receive(response: SipResponse, source: SipSource): void;
  /** Stops its timers without a word: the layer closes. */
  abandon(): void;
}

export interface ServerMachine {
  /** A repetition of the request, or the ACK to its non-2xx response. */
  receive(message: SipMessage): void;
  abandon(): void;
}

export type FailureReason = 'timeout' | 'transport';

/** The owner of a client transaction. */
export interface ClientHandlers {
  /** Every provisional and final response; to INVITE also repeated and forked 2xx. */
  response(response: SipResponse, source: SipSource): void;
  /** No final response will come. `detail` is the system's word for it, ECONNREFUSED say. */
  failed(reason: FailureReason, detail?: string): void;
}

export const clientKey = (branch: string, method: string): string => `${branch}|${method}`;

/** Wait states exist because UDP repeats (RFC 3261 17): on streams they last no time. */
export const unlessReliable = (duration: number, target: SipTarget): number =>
  target.protocol === 'udp' ? duration : 0;

export const nothing = (): void => undefined;
