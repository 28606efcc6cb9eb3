import type { SipRequest } from '../sip/message.ts';
import type { Step } from './channel/application.ts';

/**
 * The few destinations there are: who names an event socket in X-esl-outbound (as drachtio-fsmrf does) is controlled
 * from there, `park` waits for orders, everything else does not exist.
 */
export function dialplan(invite: SipRequest, user: string): readonly Step[] | undefined {
  const controller = invite.headers.get('x-esl-outbound');
  if (controller !== undefined) {
    return [
      { application: 'answer', argument: '' },
      { application: 'socket', argument: `${controller} async full` },
    ];
  }
  if (user === 'park') return [{ application: 'park', argument: '' }];
  return undefined;
}

/** What drachtio's dialplan sets on a channel before it hands it to its controller. */
export const CONTROLLED: readonly (readonly [string, string])[] = [
  ['send_silence_when_idle', '-1'],
  ['hangup_after_bridge', 'false'],
  ['park_after_bridge', 'true'],
  ['playback_terminators', 'none'],
];

/** `park`, `conference:name@profile`, `set:a=b,park`: the inline dialplan of `uuid_transfer … inline`. */
export function inlineDialplan(text: string): Step[] {
  return splitOutsideQuotes(text).map((part) => {
    const colon = part.indexOf(':');
    return colon < 0
      ? { application: part.trim(), argument: '' }
      : { application: part.slice(0, colon).trim(), argument: part.slice(colon + 1).replace(/^'(.*)'$/s, '$1') };
  });
}

/** Commas stand between applications unless they are inside braces or quotes, as in `conference:a+flags{mute,deaf}`. */
function splitOutsideQuotes(text: string): string[] {
  return (text.match(/(?:\{[^}]*\}|'[^']*'|[^,])+/g) ?? []).filter((part) => part.trim() !== '');
}
