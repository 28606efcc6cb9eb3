import type { Application } from '../channel/application.ts';
import type { Conferences } from '../conference/conferences.ts';
import type { EventSocketCore } from '../eventsocket/core.ts';
import { conference } from './conference.ts';
import { hangup, nothingToDo, recordSession, sendDtmf, setMute, stopRecordSession } from './leg.ts';
import { playback } from './playback.ts';
import { socket } from './socket.ts';
import { multiset, set } from './variables.ts';
import { park, sleep } from './waiting.ts';

/** Every application this server knows. Any other name hangs the channel up. */
export function applicationTable(core: EventSocketCore, conferences: Conferences): ReadonlyMap<string, Application> {
  return new Map<string, Application>([
    ['answer', nothingToDo],
    ['conference', conference(conferences)],
    ['export', set],
    ['hangup', hangup],
    ['multiset', multiset],
    ['park', park],
    ['playback', playback],
    ['record_session', recordSession],
    ['send_dtmf', sendDtmf],
    ['set', set],
    ['set_mute', setMute],
    ['sleep', sleep],
    ['socket', socket(core)],
    ['start_dtmf', nothingToDo],
    ['stop_dtmf', nothingToDo],
    ['stop_record_session', stopRecordSession],
  ]);
}
