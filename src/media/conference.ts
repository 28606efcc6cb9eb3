import { setTimeout as delay } from 'node:timers/promises';
import { EarpieceError } from '../coaching/errors.ts';
import { type ConferenceStep, commandsFor } from './conference-command.ts';

/** Asks FreeSWITCH for something; resolves with the body of its answer. */
export type Api = (command: string) => Promise<string>;

/**
 * ms before each further try. FreeSWITCH only tries the lock of a member, and while the mixer holds it answers as if there
 * were no such member (measured on 1.10.12): what fails for longer than this fails for another reason.
 */
const PAUSES = [2, 5, 10, 20, 40];

/**
 * Asks for a step and resolves when FreeSWITCH has confirmed it. `wanted` is asked before every try: nothing may be
 * opened late for a member that is on its way out. Rejects with `isolation-lost`.
 */
export async function takeStep(
  api: Api,
  conference: string,
  step: ConferenceStep,
  wanted: () => boolean,
): Promise<void> {
  const commands = commandsFor(conference, step);
  for (const pause of [...PAUSES, undefined]) {
    if (!wanted()) throw new EarpieceError('isolation-lost', `${step.type}: the member is leaving`);
    const replies = await asked(api, commands);
    const refusal = commands.findIndex(({ done }, n) => !done.test(replies[n] ?? ''));
    if (refusal === -1) return;
    const reply = replies[refusal] ?? '';
    if (pause === undefined || !reply.startsWith('-ERR')) {
      throw new EarpieceError('isolation-lost', `'${commands[refusal]?.command ?? ''}' was answered '${reply.trim()}'`);
    }
    await delay(pause);
  }
}

/** All at once: FreeSWITCH answers the commands of a connection in their order. */
async function asked(api: Api, commands: readonly { readonly command: string }[]): Promise<readonly string[]> {
  try {
    return await Promise.all(commands.map(({ command }) => api(command)));
  } catch (error) {
    const { message } = EarpieceError.from(error);
    throw new EarpieceError('isolation-lost', message, { cause: error });
  }
}
