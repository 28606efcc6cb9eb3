import type { ChannelHandle } from '../channel/handle.ts';

const ANY = '1234567890*#';

/** The digits that end a playback or a recording: the variable playback_terminators, `*` when it is not set. */
export function terminators(channel: ChannelHandle): string {
  const chosen = channel.variable('playback_terminators') ?? '*';
  switch (chosen.toLowerCase()) {
    case 'any':
      return ANY;
    case 'none':
      return '';
    default:
      return chosen;
  }
}

/**
 * A signal that is aborted with the one given, or when the phone sends one of the terminators, which the variable
 * playback_terminator_used tells then.
 */
export function untilTerminator(channel: ChannelHandle, signal: AbortSignal): { signal: AbortSignal; end: () => void } {
  const ending = terminators(channel);
  const pressed = new AbortController();
  channel.setVariable('playback_terminator_used', '');
  const end = channel.listen(({ digit }) => {
    if (!ending.includes(digit)) return;
    channel.setVariable('playback_terminator_used', digit);
    pressed.abort();
  });
  return { signal: AbortSignal.any([signal, pressed.signal]), end };
}
