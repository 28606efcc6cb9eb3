import { type Application, aborted } from '../channel/application.ts';
import { hangupCause } from '../channel/hangup-cause.ts';
import { words } from '../words.ts';
import { startRecording, stopAllRecordings, stopRecording } from './session-recording.ts';

/** `hangup [cause]` */
export const hangup: Application = {
  kind: 'instant',
  run({ channel, argument }) {
    void channel.hangup(hangupCause(argument));
    return Promise.resolve(undefined);
  },
};

/** `answer`, `start_dtmf` and the like: our channels are answered when they begin, and always listen for digits. */
export const nothingToDo: Application = { kind: 'instant', run: () => Promise.resolve(undefined) };

/** `set_mute read|write true|false`: `read` is what the channel says, `write` what it hears. */
export const setMute: Application = {
  kind: 'instant',
  async run({ channel, argument }) {
    const [direction, value] = argument.split(/\s+/);
    const on = value === 'true';
    if (direction !== 'write') await channel.gate.leg({ mute: on });
    if (direction === 'write' || direction === 'both') await channel.gate.leg({ deaf: on });
    return undefined;
  },
};

/** `send_dtmf <digits>[@<ms>]` */
export const sendDtmf: Application = {
  kind: 'instant',
  async run({ channel, argument, signal }) {
    const [digits = '', ms] = argument.split('@');
    await Promise.race([channel.media.sendDigits(digits, Number.parseInt(ms ?? '', 10) || undefined), aborted(signal)]);
    return undefined;
  },
};

/** `record_session <file> [+<limit s>]`: both directions; stereo when the variable RECORD_STEREO says so. */
export const recordSession: Application = {
  kind: 'instant',
  async run({ channel, argument }) {
    const [path = '', limit = ''] = words(argument);
    await startRecording(channel, path, Number.parseInt(limit.replace('+', ''), 10) || 0);
    return undefined;
  },
};

/** `stop_record_session <file>|all` */
export const stopRecordSession: Application = {
  kind: 'instant',
  async run({ channel, argument }) {
    await (argument === 'all' ? stopAllRecordings(channel) : stopRecording(channel, argument));
    return undefined;
  },
};
