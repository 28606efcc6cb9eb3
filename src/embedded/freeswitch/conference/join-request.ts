/** What a member may ask for when it joins; flags we know nothing of are kept out. */
export const JOIN_FLAGS = ['mute', 'deaf', 'ghost', 'endconf', 'mintwo', 'moderator', 'join-only', 'nomoh'] as const;
export type JoinFlag = (typeof JOIN_FLAGS)[number];

export interface JoinRequest {
  readonly conference: string;
  readonly profile: string;
  readonly pin: string;
  readonly flags: ReadonlySet<JoinFlag>;
}

/**
 * Reads the argument of the `conference` application: `name[@profile][+[pin][+flags{a|b}]]`.
 *
 * @param memberFlags the channel variable conference_member_flags; what it says adds to the flags of the argument
 */
export function parseJoinRequest(argument: string, memberFlags = ''): JoinRequest {
  const inArgument = /\+flags\{([^}]*)\}/.exec(argument);
  const address = argument.slice(0, inArgument?.index ?? argument.length);
  const [place = '', pin = ''] = address.split('+');
  const [conference = '', profile = 'default'] = place.split('@');
  const named = new Set([...words(inArgument?.[1] ?? ''), ...words(memberFlags)]);
  return {
    conference: conference.trim(),
    profile: profile.trim(),
    pin: pin.trim(),
    flags: new Set(JOIN_FLAGS.filter((flag) => named.has(flag))),
  };
}

function words(flags: string): string[] {
  return flags.split(/[|,\s]+/).filter((flag) => flag !== '');
}
