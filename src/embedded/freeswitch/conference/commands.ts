import { playable } from '../playable.ts';
import type { Conference } from './conference.ts';
import type { Conferences } from './conferences.ts';
import { conferenceLines, jsonList, memberLines, relationLines, xmlList } from './listing.ts';
import { onMembers } from './member-commands.ts';
import { recordingCommands } from './recording-commands.ts';
import { counted, ghosts } from './roster.ts';
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
  const command = COMMANDS.get(name.toLowerCase());
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
    stop: stopPlaying,
    get: getParameter,
    set: setParameter,
    getvar: (conference, [name]) => (name === undefined ? usage('getvar') : (conference.variables.get(name) ?? '')),
    setvar(conference, [name, ...value]) {
      if (name === undefined) return usage('setvar');
      conference.variables.set(name, value.join(' '));
      return '+OK\n';
    },
    'get-uuid': (conference, [id]) => conference.channelOf(memberNumber(conference, id))?.uuid ?? '',
    // Neither video nor gain control nor speech is here: accepted where FreeSWITCH accepts it without either.
    saymember: () => '+OK (saymember) OK\n',
    transfer,
    ...recordingCommands,
  }),
);

/** `transfer <conference> <member> …` */
function transfer(conference: Conference, [to, ...members]: readonly string[]): string {
  if (to === undefined || members.length === 0) return usage('transfer');
  return members
    .map((each) => {
      const id = Number.parseInt(each, 10) || 0;
      return conference.transfer(id, to)
        ? `+OK Member '${id}' sent to conference ${to}.\n`
        : `-ERR No Member ${id} in conference ${conference.name}.\n`;
    })
    .join('');
}

function memberNumber(conference: Conference, id: string | undefined): number {
  return id === 'last' ? (conference.roster.members[0]?.id ?? 0) : Number.parseInt(id ?? '', 10) || 0;
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

/** One after the other; `async` on top of what plays; or to one member. */
async function play(conference: Conference, [path, how]: readonly string[]): Promise<string> {
  if (path === undefined) return usage('play');
  const found = await playable(path);
  if (found === undefined) return `-ERR (play) File: ${path} not found.\n`;
  if (how === undefined || how === 'async') {
    conference.announcer.play(path, found.source, how === 'async' ? 'async' : 'in turn');
    return `+OK (play) Playing file ${path}\n`;
  }
  const id = Number.parseInt(how, 10) || 0;
  const channel = conference.channelOf(id);
  if (channel === undefined) return `-ERR Member: ${id} not found.\n${usage('play')}`;
  conference.announcer.play(path, found.source, 'in turn', { id, channel });
  return `+OK (play) Playing file ${path} to member ${id}\n`;
}

function stopPlaying(conference: Conference, [which = 'all', who]: readonly string[]): string {
  if (which !== 'current' && which !== 'all' && which !== 'async') return usage('stop');
  const id = who === undefined ? undefined : Number.parseInt(who, 10) || 0;
  if (id !== undefined && conference.channelOf(id) === undefined) return `-ERR Member: ${id} not found.\n`;
  return `+OK Stopped ${conference.announcer.stop(which, id)} files.\n`;
}

function getParameter(conference: Conference, [name]: readonly string[]): string {
  switch (name) {
    case 'count':
      return String(counted(conference.roster));
    case 'count_ghosts':
      return String(ghosts(conference.roster));
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
    case 'is_locked':
      return conference.locked ? 'locked' : '';
    case 'wait_mod':
      return '';
    case 'endconference_grace_time':
      return '0';
    default:
      return usage('get');
  }
}

/** FreeSWITCH answers with the value there was. */
function setParameter(conference: Conference, [name, value]: readonly string[]): string {
  const limit = Number.parseInt(value ?? '', 10) || 0;
  if (name !== 'max_members' || value === undefined || limit < 0) return usage('set');
  const before = conference.maxMembers;
  conference.maxMembers = limit;
  return String(before);
}
