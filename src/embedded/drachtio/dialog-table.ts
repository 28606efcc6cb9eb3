import { tagOf } from '../sip/address.ts';
import type { SipRequest } from '../sip/message.ts';
import { dialogId, type Dialog } from './dialog.ts';

/** All dialogs, by the id that applications know. */
export class DialogTable {
  readonly #dialogs = new Map<string, Dialog>();

  add(dialog: Dialog): void {
    this.#dialogs.set(dialog.id, dialog);
  }

  get(id: string): Dialog | undefined {
    return this.#dialogs.get(id);
  }

  get size(): number {
    return this.#dialogs.size;
  }

  /** The dialog a request of the network belongs to: both tags must match (RFC 3261 12.2.2). */
  find(request: SipRequest): Dialog | undefined {
    const callId = request.headers.get('call-id') ?? '';
    const from = tagOf(request.headers.get('from'));
    const to = tagOf(request.headers.get('to'));
    for (const callerTag of [from, to]) {
      const dialog = this.#dialogs.get(dialogId(callId, callerTag));
      if (dialog?.remoteTag === from && dialog.localTag === to) return dialog;
    }
    return undefined;
  }

  /** Ends a dialog: nothing is repeated or refreshed any more. Ending it twice is fine. */
  end(dialog: Dialog): void {
    dialog.state = 'ended';
    dialog.repeating?.stop();
    dialog.repeating = undefined;
    dialog.timer?.stop();
    dialog.timer = undefined;
    if (this.#dialogs.get(dialog.id) === dialog) this.#dialogs.delete(dialog.id);
  }

  endAll(): void {
    for (const dialog of [...this.#dialogs.values()]) this.end(dialog);
  }
}
