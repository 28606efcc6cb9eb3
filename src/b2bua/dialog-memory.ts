import type { StackDialog } from './stack.ts';

/**
 * srf keeps the INVITE and its response, parsed and raw, as long as the dialog lives. What it goes on using is little: the
 * rest is dropped, and what stays is copied out of the messages.
 */
export function forgetMessages(
  dialog: StackDialog,
  { callId, contact }: { readonly callId: string; readonly contact: string },
): void {
  const { method, socket } = dialog.req;
  const { localTag, remoteTag } = dialog.sip;
  const [kept = '', local = '', remote = ''] = detached(`${method}\n${localTag}\n${remoteTag}`).split('\n');
  dialog.req = { method: kept, socket };
  dialog.res = { stackDialogId: dialog.id };
  dialog.local.sdp = '';
  dialog.remote.sdp = '';
  dialog.local.contact = contact;
  Object.assign(dialog.sip, { callId, localTag: local, remoteTag: remote });
}

/** A string of its own: V8 cuts substrings as windows on the whole message, which then stays in memory. */
export const detached = (text: string): string => Buffer.from(text).toString();
