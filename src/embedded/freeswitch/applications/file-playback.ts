import type { ChannelHandle } from '../channel/handle.ts';
import { type Playable, playable } from '../playable.ts';

/** How the playing of one file ended; `none` when there is no such file. */
export type FileStatus = 'done' | 'break' | 'none';

/** Where in a row of files the next one begins, samples; FreeSWITCH counts on through all of them. */
export interface Offset {
  samples: number;
}

/** Plays one file to a channel until its end or the signal, with the events and variables that go with it. */
export async function playFile(
  channel: ChannelHandle,
  path: string,
  signal: AbortSignal,
  offset: Offset = { samples: 0 },
): Promise<FileStatus> {
  const found = await playable(path);
  if (found === undefined) return 'none';
  const headers = fileHeaders(found);
  channel.publish('PLAYBACK_START', headers);
  const { outcome, samples } = await channel.media.play(found.source, signal);
  offset.samples += samples;
  const ms = Math.floor(samples / 8);
  channel.variables
    .set('playback_last_offset_pos', String(offset.samples))
    .set('playback_seconds', String(Math.floor(ms / 1000)))
    .set('playback_ms', String(ms))
    .set('playback_samples', String(samples));
  const status = outcome === 'done' ? 'done' : 'break';
  channel.publish('PLAYBACK_STOP', [...headers, ['Playback-Status', status]]);
  return status;
}

/** Only tones have a type (measured on FreeSWITCH 1.10.12): silence, like a file, has none. */
function fileHeaders({ path, type }: Playable): [string, string][] {
  const headers: [string, string][] = [['Playback-File-Path', path]];
  return type === 'tone_stream' ? [['Playback-File-Type', type], ...headers] : headers;
}
