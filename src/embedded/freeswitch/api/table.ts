import { randomUUID } from 'node:crypto';
import { conferenceCommand } from '../conference/commands.ts';
import {
  audio,
  breakPlayback,
  bridge,
  broadcast,
  dump,
  exists,
  getVariable,
  hangupAll,
  kill,
  parkChannel,
  receiveDigits,
  record,
  sendDigits,
  setMediaStatistics,
  setVariable,
  setVariables,
  transfer,
} from './channel-commands.ts';
import { fsctl } from './fsctl.ts';
import type { ApiCommand, ApiServer } from './server.ts';
import { show, sofia, status, version } from './status.ts';

const COMMANDS: ReadonlyMap<string, ApiCommand> = new Map<string, ApiCommand>([
  ['conference', ({ conferences }, argument) => conferenceCommand(conferences, argument)],
  ['create_uuid', () => randomUUID()],
  ['echo', (_server, argument) => argument],
  ['fsctl', fsctl],
  ['global_getvar', ({ globals }, name) => globals.get(name.trim()) ?? ''],
  ['hostname', ({ bus }) => bus.hostname],
  ['hupall', hangupAll],
  ['show', show],
  ['sofia', sofia],
  ['status', status],
  ['uuid_audio', audio],
  ['uuid_break', breakPlayback],
  ['uuid_bridge', bridge],
  ['uuid_broadcast', broadcast],
  ['uuid_dump', dump],
  ['uuid_exists', exists],
  ['uuid_getvar', getVariable],
  ['uuid_kill', kill],
  ['uuid_park', parkChannel],
  ['uuid_record', record],
  ['uuid_recv_dtmf', receiveDigits],
  ['uuid_send_dtmf', sendDigits],
  ['uuid_set_media_stats', setMediaStatistics],
  ['uuid_setvar', setVariable],
  ['uuid_setvar_multi', setVariables],
  ['uuid_transfer', transfer],
  ['version', version],
]);

/** Runs an api command. @returns what FreeSWITCH would answer, errors included; it never rejects */
export async function runApi(server: ApiServer, name: string, argument: string): Promise<string> {
  const command = COMMANDS.get(name.toLowerCase());
  if (command === undefined) return `-ERR ${name} Command not found!\n`;
  try {
    const answer = await command(server, argument);
    return answer === '' ? '-ERR no reply\n' : answer;
  } catch (error) {
    return `-ERR ${error instanceof Error ? error.message : String(error)}\n`;
  }
}
