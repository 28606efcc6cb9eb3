import { playable } from '../playable.ts';
import type { Conference } from './conference.ts';
import type { Conferences } from './conferences.ts';
import { conferenceLines, jsonList, memberLines, relationLines, xmlList } from './listing.ts';
import { onMembers } from './member-commands.ts';
import { counted } from './roster.ts';
import { usage } from './usage.ts';

type Command = (conference: Conference, words: readonly string[]) => string | Promise<string>;

/** `conference …`: @returns the reply of FreeSWITCH 1.10.12, which is empty for some commands */
export async function conferenceCommand(conferences: Conferences, argument: string): Promise<string> {
  const [first = '', name = '', ...words] = argument.split(/\s+/).filter((word) => word !== '');
  const onAll = ALL.get(first);
  if (onAll !== undefined && name === '') {
    return conferences.all().length === 0 ? '+OK No active conferences.\n' : onAll(conferences.all());
  }
  const conference = conferences.get(first);
  if (conference === undefined) {
    return first === '' ? usageOfAll() : `-ERR Conference ${first} not found\n`;
  }
  const command = COMMANDS.get(name);
  return command === undefined ? `-ERR Conference command '${name}' not found.\n` : command(conference, words);
}

function usageOfAll(): string {
  return '-ERR usage: conference <name> <command> [<arguments>]\n';
}

const ALL: ReadonlyMap<string, (conferences: readonly Conference[]) => string> = new Map(
  Object.entries({
    list: (conferences: readonly Conference[]) => conferences.map(conferenceLines).join(''),
    json_list: (conferences: readonly Conference[]) => jsonList(conferences, Date.now()),
    xml_list: (conferences: readonly Conference[]) => xmlList(conferences, Date.now()),
    count: (conferences: readonly Conference[]) => String(conferences.length),
  }),
);

const COMMANDS: ReadonlyMap<string, Command> = new Map(
  Object.entries<Command>({
    ...onMembers,
    list(conference, [first, second]) {
      if (first === 'count') return String(counted(conference.roster));
      return memberLines(conference, first === 'delim' ? second : undefined);
    },
    count: (conference) => String(counted(conference.roster)),
    json_list: (conference, [how]) => jsonList([conference], Date.now(), how === 'compact'),
    xml_list: (conference) => xmlList([conference], Date.now()),
    relate,
    lock(conference) {
      conference.setLocked(true);
      return `+OK ${conference.name} locked\n`;
    },
    unlock(conference) {
      conference.setLocked(false);
      return `+OK ${conference.name} unlocked\n`;
    },
    play,
    async stop(conference) {
      await conference.stopPlayback();
      return '+OK Stopped 1 files.\n';
    },
    get: getParameter,
    set: setParameter,
    // A recording of all would hold what was said to one alone: legs can be recorded, conferences cannot.
    record: noRecording,
    norecord: noRecording,
    recording: noRecording,
    chkrecord: noRecording,
  }),
);

function noRecording(): string {
  return '-ERR a conference is not recorded; use uuid_record on its members\n';
}

/** Measured on FreeSWITCH 1.10.12: without a member nothing is printed; any third word with `nospeak` in it counts. */
async function relate(conference: Conference, words: readonly string[]): Promise<string> {
  const [owners, others, what] = words;
  if (owners === undefined) return '';
  if (others === undefined) return relationLines(conference.roster, Number.parseInt(owners, 10) || 0);
  const clear = what?.toLowerCase() === 'clear';
  const speak = what?.includes('nospeak') !== true;
  const hear = what?.includes('nohear') !== true;
  if (what === undefined || (!clear && speak && hear)) return usage('relate');
  let answer = '';
  for (const owner of ids(owners)) {
    for (const other of ids(others)) {
      const done = await (clear ? conference.unrelate(owner, other) : conference.relate(owner, other, { speak, hear }));
      if (!done) answer += `-ERR relationship ${owner}->${other} not found.\n`;
      else if (clear) answer += `+OK relationship ${owner}->${other} cleared.\n`;
      else answer += `+OK ${owner}->${other} ${what} set\n`;
    }
  }
  return answer;
}

/** At most a hundred, as in FreeSWITCH. */
function ids(list: string): number[] {
  return list
    .split(',')
    .slice(0, 100)
    .map((id) => Number.parseInt(id, 10) || 0);
}

async function play(conference: Conference, [path, to]: readonly string[]): Promise<string> {
  if (path === undefined) return usage('play');
  const found = await playable(path);
  if (found === undefined) return `-ERR (play) File: ${path} not found.\n`;
  const member = to === undefined || to === 'async' ? undefined : Number.parseInt(to, 10) || 0;
  if (member === undefined) {
    conference.play(path, found.source);
    return `+OK (play) Playing file ${path}\n`;
  }
  if (conference.channelOf(member) === undefined) return `-ERR Member: ${member} not found.\n`;
  conference.play(path, found.source, member);
  return `+OK (play) Playing file ${path} to member ${member}\n`;
}

function getParameter(conference: Conference, [name]: readonly string[]): string {
  switch (name) {
    case 'count':
      return String(counted(conference.roster));
    case 'max_members':
      return String(conference.maxMembers);
    case 'rate':
      return '8000';
    case 'run_time':
      return String(Math.floor((Date.now() - conference.createdAt) / 1000));
    case 'uuid':
      return conference.uuid;
    case 'profile_name':
      return conference.profile;
    default:
      return usage('get');
  }
}

/** FreeSWITCH answers with the value there was. */
function setParameter(conference: Conference, [name, value]: readonly string[]): string {
  const limit = Number.parseInt(value ?? '', 10);
  if (name !== 'max_members' || !(limit >= 0)) return usage('set');
  const before = conference.maxMembers;
  conference.maxMembers = limit;
  return String(before);
}
