import type { Application, ApplicationContext } from '../channel/application.ts';
import { type FileStatus, playFile } from './file-playback.ts';
import { untilTerminator } from './terminators.ts';

/** Smaller values of playback_timeout_sec are passed over (switch_ivr_play_file of FreeSWITCH 1.10.12). */
const SHORTEST_TIMEOUT_S = 2;

/**
 * `playback <file>[!<file>…]`: one after the other when the variable playback_delimiter names what stands between
 * them. Answers `FILE PLAYED` or `FILE NOT FOUND`, which clients read; of several files the last decides.
 */
export const playback: Application = {
  kind: 'occupying',
  async run(context) {
    const { channel } = context;
    const { signal, end } = untilTerminator(channel, timedOut(context));
    const offset = { samples: 0 };
    let status: FileStatus = 'none';
    for (const path of paths(context)) {
      status = await playFile(channel, path, signal, offset);
      if (signal.aborted) break;
    }
    end();
    return status === 'none' ? 'FILE NOT FOUND' : 'FILE PLAYED';
  },
};

function timedOut({ channel, signal }: ApplicationContext): AbortSignal {
  const seconds = Number.parseInt(channel.variable('playback_timeout_sec') ?? '', 10);
  return seconds >= SHORTEST_TIMEOUT_S ? AbortSignal.any([signal, AbortSignal.timeout(seconds * 1000)]) : signal;
}

function paths({ channel, argument }: ApplicationContext): string[] {
  const fileString = /^file_string:\/\/(.*)$/s.exec(argument)?.[1];
  if (fileString !== undefined) return fileString.split('!');
  const delimiter = channel.variable('playback_delimiter');
  return delimiter === undefined ? [argument] : argument.split(delimiter);
}
