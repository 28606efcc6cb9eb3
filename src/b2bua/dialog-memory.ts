import type { StackDialog } from './stack.ts';

/**
 * srf keeps the INVITE and its response, parsed and raw, as long as the dialog lives. What it goes on using is little: the
 * rest is dropped, and what stays is copied out of the messages.
 */
export function forgetMessages(dialog: StackDialog): void {
  const { method, socket } = dialog.req;
  dialog.req = { method: detached(method), socket };
  dialog.res = { stackDialogId: dialog.id };
  dialog.local.sdp = '';
  dialog.remote.sdp = '';
  dialog.local.contact = detached(dialog.local.contact);
  for (const key of ['callId', 'localTag', 'remoteTag'] as const) dialog.sip[key] = detached(dialog.sip[key]);
}

/** A string of its own: V8 cuts substrings as windows on the whole message, which then stays in memory. */
export const detached = (text: string): string => Buffer.from(text).toString();
