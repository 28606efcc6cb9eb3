import type { Conference } from './conference.ts';
import { usage } from './usage.ts';

/** `record`, `norecord`, `recording …`: replies word for word those of FreeSWITCH 1.10.12, slips included. */
export const recordingCommands = {
  record: (conference: Conference, [path]: readonly string[]) =>
    path === undefined ? usage('record') : start(conference, path),
  norecord: (conference: Conference, [path]: readonly string[]) =>
    path === undefined ? usage('norecord') : stop(conference, path),
  chkrecord: check,
  recording,
  pause: (conference: Conference, [path]: readonly string[]) =>
    path === undefined ? usage('pause') : pause(conference, path, true),
  resume: (conference: Conference, [path]: readonly string[]) =>
    path === undefined ? usage('resume') : pause(conference, path, false),
} as const;

function recording(conference: Conference, [action, path]: readonly string[]): string {
  if (action === undefined) return usage('recording');
  switch (action.toLowerCase()) {
    case 'check':
      return check(conference);
    case 'stop':
      return stop(conference, path ?? 'all');
    case 'pause':
      return path === undefined ? start(conference, action) : pause(conference, path, true);
    case 'resume':
      return path === undefined ? start(conference, action) : pause(conference, path, false);
    default:
      // Whatever is no action is taken for the name of a file.
      return start(conference, path ?? action);
  }
}

function start({ recordings }: Conference, path: string): string {
  if (recordings.has(path)) return `-ERR file [${path}] is already being used for recording.\n`;
  recordings.start(path);
  return `+OK Record file ${path}\n`;
}

/** Counts what it has not told of before, which is nothing. */
function stop({ recordings }: Conference, path: string): string {
  const stopped = recordings.all.filter((each) => path === 'all' || each.path === path);
  for (const each of stopped) recordings.stop(each.path);
  const lines = stopped.map((each) => `Stopped recording file ${each.path}\n`).join('');
  const missing = path !== 'all' && stopped.length === 0 ? `-ERR non-existant recording '${path}'\n` : '';
  return `${lines}${missing}+OK Stopped recording 0 files\n`;
}

function pause({ recordings }: Conference, path: string, on: boolean): string {
  const reply = `+OK ${on ? 'Pause' : 'Resume'} recording file ${path}\n`;
  if (!recordings.has(path)) return `${reply}-ERR non-existant recording '${path}'\n`;
  recordings.pause(path, on);
  return reply;
}

function check({ recordings: { all } }: Conference): string {
  if (all.length === 0) return '-ERR Conference is not being recorded.\n';
  return all.map(({ path }) => `+OK Record file ${path}\n`).join('');
}
