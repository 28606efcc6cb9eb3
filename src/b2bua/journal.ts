import type { CallRecords } from '../coaching/ports.ts';
import type { Conversation } from './conversation.ts';
import type { Leg } from './leg.ts';
import { type CallRecord, record, type SupervisorRecord } from './leg-record.ts';

/** Writes down what a later process needs to go on with our calls, and reads what an earlier one has left. */
export class Journal {
  readonly #records: CallRecords | undefined;

  /** Without records nothing is kept. */
  constructor(records: CallRecords | undefined) {
    this.#records = records;
  }

  /** A call is another one than before: it is up, something was said of its media. */
  call(conversation: Conversation): void {
    if (this.#records === undefined) return;
    const written = conversation.record;
    if (written !== undefined) this.#records.put(callKey(conversation.id), written);
  }

  callOver(conversation: Conversation): void {
    this.#records?.remove(callKey(conversation.id));
  }

  supervisor(callId: string, leg: Leg): void {
    if (this.#records === undefined) return;
    const written: SupervisorRecord = { is: 'supervisor', callId, leg: leg.record };
    this.#records.put(supervisorKey(leg.id), written);
  }

  supervisorOver(legId: string): void {
    this.#records?.remove(supervisorKey(legId));
  }

  /** Whatever is found is ours from then on; what cannot be read is forgotten, and `unreadable` is told. */
  onAbandoned(found: (left: CallRecord | SupervisorRecord) => void, unreadable: (key: string) => void): void {
    this.#records?.onAbandoned((key, written) => {
      const read = record.safeParse(written);
      if (read.success) {
        found(read.data);
        return;
      }
      this.#records?.remove(key);
      unreadable(key);
    });
  }
}

const callKey = (callId: string) => `call:${callId}`;
const supervisorKey = (legId: string) => `supervisor:${legId}`;
