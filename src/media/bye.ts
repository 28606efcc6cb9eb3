import type Mrf from 'drachtio-fsmrf';
import { Patience } from './patience.ts';

/** Ends a dialog. Rejects with `timeout`, or `unavailable` when drachtio or FreeSWITCH does not know it any more. `limitMs`: ms. */
export async function sayBye(dialog: Mrf.SipDialog, limitMs: number): Promise<void> {
  await new Patience().wait('BYE', limitMs, dialog.destroy());
}
