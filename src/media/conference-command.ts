/** A step of a conference in FreeSWITCH's own member ids. */
export type ConferenceStep =
  | { readonly type: 'mute' | 'unmute' | 'deafen' | 'undeafen'; readonly member: number }
  | { readonly type: 'separate' | 'reunite'; readonly speaker: number; readonly listener: number };

/** What is sent for a step, and how each answer looks when it is done. */
export interface ConferenceCommand {
  readonly command: string;
  readonly done: RegExp;
}

/**
 * The commands of a step, to be answered in this order (forms read from FreeSWITCH 1.10.12).
 *
 * A relation replaces the one that was between the two before, and lives on its first member. It fails open, so it is not
 * believed but read back: the list of the speaker's relations must name the pair.
 */
export function commandsFor(conference: string, step: ConferenceStep): readonly ConferenceCommand[] {
  const ask = (words: string, done: string): ConferenceCommand => ({
    command: `conference ${conference} ${words}`,
    done: new RegExp(done, 'm'),
  });
  switch (step.type) {
    case 'mute':
    case 'unmute':
      return [ask(`${step.type} ${step.member}`, `^\\+OK ${step.type} ${step.member}\\s*$`)];
    case 'deafen':
    case 'undeafen': {
      const word = step.type === 'deafen' ? 'deaf' : 'undeaf';
      return [ask(`${word} ${step.member}`, `^\\+OK ${word} ${step.member}\\s*$`)];
    }
    case 'separate': {
      const { speaker, listener } = step;
      return [
        ask(`relate ${speaker} ${listener} nospeak`, `^\\+OK ${speaker}->${listener} nospeak set\\s*$`),
        ask(`relate ${speaker}`, `^${speaker} -> ${listener} NOSPEAK `),
      ];
    }
    case 'reunite': {
      const { speaker, listener } = step;
      return [
        ask(`relate ${speaker} ${listener} clear`, `^\\+OK relationship ${speaker}->${listener} cleared\\.\\s*$`),
      ];
    }
  }
}

/** The argument of the conference application for a member that enters deaf and mute (facts: then 0 frames leak at the entry). */
export const entryDeafAndMute = (conference: string, profile: string): string =>
  `${conference}@${profile}++flags{mute|deaf}`;
