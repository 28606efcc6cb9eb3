import type { Application, ApplicationContext } from '../channel/application.ts';
import { playable, type Playable } from '../playable.ts';

/**
 * `playback <file>[!<file>…]`: one after the other when the variable playback_delimiter names what stands between
 * them. Answers `FILE PLAYED` or `FILE NOT FOUND`, which clients read.
 */
export const playback: Application = {
  kind: 'occupying',
  async run(context) {
    let response = 'FILE NOT FOUND';
    for (const path of paths(context)) {
      if (context.signal.aborted) break;
      const found = await playable(path);
      if (found !== undefined) {
        await play(context, found);
        response = 'FILE PLAYED';
      }
    }
    return response;
  },
};

function paths({ channel, argument }: ApplicationContext): string[] {
  const fileString = /^file_string:\/\/(.*)$/s.exec(argument)?.[1];
  if (fileString !== undefined) return fileString.split('!');
  const delimiter = channel.variable('playback_delimiter');
  return delimiter === undefined ? [argument] : argument.split(delimiter);
}

async function play({ channel, signal }: ApplicationContext, { path, type, source }: Playable): Promise<void> {
  const headers: [string, string][] = [];
  if (type !== undefined) headers.push(['Playback-File-Type', type]);
  headers.push(['Playback-File-Path', path]);
  channel.publish('PLAYBACK_START', headers);
  const startedAt = Date.now();
  // Where there is no engine to stop it any more, it is not playing either.
  const stop = (): void => void channel.media.stopPlayback().catch(() => undefined);
  const outcome = channel.media.play(source);
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  const status = (await outcome.finally(() => signal.removeEventListener('abort', stop))) === 'done' ? 'done' : 'break';
  // What was sent comes in frames of 20 ms, the first of them at once.
  const elapsed = (Math.floor((Date.now() - startedAt) / 20) + 1) * 20;
  channel.variables.set('playback_last_offset_pos', String(elapsed * 8));
  channel.variables.set('playback_seconds', String(Math.floor(elapsed / 1000)));
  channel.variables.set('playback_ms', String(elapsed));
  channel.variables.set('playback_samples', String(elapsed * 8));
  channel.publish('PLAYBACK_STOP', [...headers, ['Playback-Status', status]]);
}
