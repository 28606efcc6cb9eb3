import type { Conference } from './conference.ts';
import { member } from './roster.ts';
import { usage } from './usage.ts';

type OnMember = (conference: Conference, id: number, words: readonly string[]) => string | Promise<string>;

/** Commands that take a member id, `all`, `last` or `non_moderator` first; `all` goes from the newest to the oldest. */
function forMembers(name: string, action: OnMember) {
  return async (conference: Conference, [who, ...words]: readonly string[]): Promise<string> => {
    if (who === undefined) return usage(name);
    const chosen = select(conference, who);
    if (chosen === 'usage') return usage(name);
    if (chosen === undefined) return `-ERR Non-Existant ID ${Number.parseInt(who, 10) || 0}\n`;
    // All are started before the first has ended, so that `kick all` silences everybody at once.
    const lines = await Promise.all(chosen.map(async (id) => action(conference, id, words)));
    return lines.join('');
  };
}

function select({ roster }: Conference, who: string): number[] | 'usage' | undefined {
  switch (who.toLowerCase()) {
    case 'all':
      return roster.members.map(({ id }) => id);
    case 'last':
      return roster.members.slice(0, 1).map(({ id }) => id);
    case 'non_moderator':
      return roster.members.filter(({ flags }) => !flags.has('moderator')).map(({ id }) => id);
    default: {
      if (!/^\d/.test(who)) return 'usage';
      const found = member(roster, Number.parseInt(who, 10));
      return found === undefined ? undefined : [found.id];
    }
  }
}

const mute: OnMember = async (conference, id) => {
  await conference.setCanSpeak(id, false);
  return `+OK mute ${id}\n`;
};

const unmute: OnMember = async (conference, id) => {
  await conference.setCanSpeak(id, true);
  return `+OK unmute ${id}\n`;
};

/** Without a new level the present one is told. Levels beyond ±4 are clipped, as FreeSWITCH does. */
function volume(direction: 'in' | 'out'): OnMember {
  return async (conference, id, [wanted]) => {
    const level = Math.max(-4, Math.min(4, Number.parseInt(wanted ?? '', 10)));
    if (!Number.isNaN(level)) await conference.setVolume(id, direction, level);
    const state = member(conference.roster, id);
    const now = direction === 'in' ? state?.volumeIn : state?.volumeOut;
    return `+OK Volume ${direction.toUpperCase()} ${id} = ${now ?? 0}\n`;
  };
}

const hold = (on: boolean): OnMember => {
  return async (conference, id) => {
    await conference.setHeld(id, on);
    return `+OK ${on ? 'hold' : 'unhold'} ${id}\n`;
  };
};

/** There is no video to be muted: said and told, and nothing else. */
const muteVideo = (name: 'vmute' | 'unvmute'): OnMember => {
  return (conference, id) => {
    conference.tell(`${name}-member`, id);
    return `+OK ${name} ${id}\n`;
  };
};

export const onMembers = {
  mute: forMembers('mute', mute),
  unmute: forMembers('unmute', unmute),
  tmute: forMembers('tmute', (conference, id, words) =>
    (member(conference.roster, id)?.canSpeak === true ? mute : unmute)(conference, id, words),
  ),
  deaf: forMembers('deaf', async (conference, id) => {
    await conference.setCanHear(id, false);
    return `+OK deaf ${id}\n`;
  }),
  undeaf: forMembers('undeaf', async (conference, id) => {
    await conference.setCanHear(id, true);
    return `+OK undeaf ${id}\n`;
  }),
  kick: forMembers('kick', async (conference, id) => {
    await conference.kick(id);
    return `+OK kicked ${id}\n`;
  }),
  hup: forMembers('hup', async (conference, id) => {
    await conference.hup(id);
    return `+OK hup ${id}\n`;
  }),
  volume_in: forMembers('volume_in', volume('in')),
  volume_out: forMembers('volume_out', volume('out')),
  hold: forMembers('hold', hold(true)),
  unhold: forMembers('unhold', hold(false)),
  vmute: forMembers('vmute', muteVideo('vmute')),
  unvmute: forMembers('unvmute', muteVideo('unvmute')),
  agc: forMembers('agc', (_conference, id) => `Agc ${id} = 0\n`),
  energy: forMembers('energy', (conference, id, [wanted]) => {
    const level = Number.parseInt(wanted ?? '', 10);
    if (level >= 0) conference.setEnergy(id, level);
    return `Energy ${id} = ${member(conference.roster, id)?.energy ?? 0}\n`;
  }),
  dtmf: forMembers('dtmf', async (conference, id, [digits]) => {
    if (digits === undefined) return usage('dtmf');
    await conference.channelOf(id)?.media.sendDigits(digits);
    conference.tell('dtmf-member', id, [['Digits', digits]]);
    return `+OK sent ${digits} to ${id}\n`;
  }),
} as const;
