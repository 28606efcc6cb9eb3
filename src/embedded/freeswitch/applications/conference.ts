import type { Application } from '../channel/application.ts';
import type { Conferences } from '../conference/conferences.ts';
import { parseJoinRequest } from '../conference/join-request.ts';

/** `conference <name>[@<profile>][+<pin>][+flags{…}]`: ends when the member leaves, and the channel lives on. */
export function conference(conferences: Conferences): Application {
  return {
    kind: 'occupying',
    async run({ channel, argument, signal }) {
      const request = parseJoinRequest(argument, channel.variable('conference_member_flags'));
      await conferences.attend(channel, request, signal);
      return undefined;
    },
  };
}
