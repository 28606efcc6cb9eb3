import { stat } from 'node:fs/promises';
import type { Application } from '../channel/application.ts';
import type { RecordingLimits } from '../../rtp/engine.ts';
import { words } from '../words.ts';
import { untilTerminator } from './terminators.ts';

const SILENCE_S = 3;

/**
 * `record <file> [+]<limit s> [<threshold>] [<silence s>]`: what the leg says, until the limit, silence, one of the
 * terminators or uuid_break. A file that cannot be made hangs up, as it does on FreeSWITCH 1.10.12.
 */
export const record: Application = {
  kind: 'occupying',
  async run({ channel, argument, signal }) {
    const [path = '', limit, threshold, hits] = words(argument);
    const stopped = untilTerminator(channel, signal);
    const named: [string, string][] = [['Record-File-Path', path]];
    const recording = channel.media.record(path, limits(limit, threshold, hits));
    const stop = (): void => void channel.media.stopRecording(path).catch(() => undefined);
    stopped.signal.addEventListener('abort', stop, { once: true });
    channel.publish('RECORD_START', named);
    if (stopped.signal.aborted) stop();
    try {
      const { samples, ended } = await recording;
      const { size } = await stat(path);
      channel.variables
        .set('silence_hits_exhausted', String(ended === 'silence'))
        .set('record_record_file_size', String(size))
        .set('record_file_size', String(size));
      tellLength(channel.variables, samples);
      channel.publish('RECORD_STOP', named);
    } catch {
      void channel.hangup('DESTINATION_OUT_OF_ORDER');
    } finally {
      stopped.end();
    }
    return undefined;
  },
};

/** @param samples of 1/8000 s */
export function tellLength(variables: Map<string, unknown>, samples: number): void {
  const ms = Math.floor(samples / 8);
  variables.set('record_seconds', String(Math.floor(ms / 1000)));
  variables.set('record_ms', String(ms));
  variables.set('record_samples', String(samples));
}

function limits(limit = '', threshold = '', hits = ''): RecordingLimits {
  const seconds = number(limit.replace('+', ''));
  const level = number(threshold);
  return {
    ...(seconds > 0 ? { ms: seconds * 1000 } : {}),
    ...(level > 0 ? { silence: { threshold: level, ms: (number(hits) || SILENCE_S) * 1000 } } : {}),
  };
}

function number(text: string): number {
  return Number.parseInt(text, 10) || 0;
}
