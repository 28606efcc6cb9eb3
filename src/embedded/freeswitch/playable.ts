import { access, constants } from 'node:fs/promises';
import type { PlaySource } from '../rtp/engine.ts';

/** Something that can be played: its source and, for streams, the type that PLAYBACK_START names. */
export interface Playable {
  readonly path: string;
  readonly type: 'tone_stream' | 'silence_stream' | undefined;
  readonly source: PlaySource;
}

/** Reads `tone_stream://…`, `silence_stream://ms` or a WAV file. @returns undefined when there is no such file */
export async function playable(path: string): Promise<Playable | undefined> {
  const [, scheme, rest = ''] = /^([a-z_]+):\/\/(.*)$/s.exec(path) ?? [];
  switch (scheme) {
    case 'tone_stream':
      return { path, type: scheme, source: { kind: 'tone', spec: rest } };
    case 'silence_stream': {
      const ms = Number.parseInt(rest, 10);
      return Number.isNaN(ms) ? undefined : { path, type: scheme, source: { kind: 'silence', ms } };
    }
    case undefined:
      return (await isReadable(path)) ? { path, type: undefined, source: { kind: 'wav', path } } : undefined;
    default:
      return undefined;
  }
}

async function isReadable(path: string): Promise<boolean> {
  try {
    await access(path, constants.R_OK);
    return true;
  } catch {
    return false; // a file that cannot be read is reported as one that is not there
  }
}
