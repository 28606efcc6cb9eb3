import { serializeMessage, type SipMessage } from '../sip/message.ts';
import type { AppRegistry } from './app-registry.ts';
import { timeOfDay } from './control-message.ts';

/** Whether the message a record is about was received or sent. */
export type RecordSource = 'network' | 'application';
/** What the server was in a call that began. */
export type AgentRole = 'uac' | 'uas' | 'proxy-uac' | 'proxy-uas';
/** Why a call, or the attempt at one, is over; the words of drachtio-server 0.9.10. */
export type TerminationReason =
  | 'call-rejected'
  | 'call-canceled'
  | 'normal-release'
  | 'session-expired'
  | 'system-initiated-termination';

/**
 * Records of each leg of a call, for the applications that route `cdr:attempt`, `cdr:start`, `cdr:stop`: one
 * application in turn gets each, with the message that makes it true.
 */
export class CallDetailRecords {
  readonly #apps: AppRegistry;

  constructor(apps: AppRegistry) {
    this.#apps = apps;
  }

  /** An INVITE that begins a call came, or was sent. */
  attempt(source: RecordSource, invite: SipMessage): void {
    this.#post('attempt', source, '', invite);
  }

  /** Its 2xx was sent, or came. */
  start(source: RecordSource, role: AgentRole, success: SipMessage): void {
    this.#post('start', source, `|${role}`, success);
  }

  /** Its failure, CANCEL or BYE. */
  stop(source: RecordSource, reason: TerminationReason, message: SipMessage): void {
    this.#post('stop', source, `|${reason}`, message);
  }

  #post(record: string, source: RecordSource, detail: string, message: SipMessage): void {
    const app = this.#apps.pick(`cdr:${record}`);
    app?.deliverRecord(`cdr:${record}|${source}|${timeOfDay()}${detail}`, serializeMessage(message));
  }
}

/** How a call ended that a final response other than 2xx ends. */
export const refusalReason = (status: number): TerminationReason =>
  status === 487 ? 'call-canceled' : 'call-rejected';
