import type { Bridges } from '../bridge/bridges.ts';
import type { Application } from '../channel/application.ts';
import type { Conferences } from '../conference/conferences.ts';
import type { EventSocketCore } from '../eventsocket/core.ts';
import { conference } from './conference.ts';
import { hangup, nothingToDo, recordSession, sendDtmf, setMute, stopRecordSession } from './leg.ts';
import { playAndGetDigits } from './play-and-get-digits.ts';
import { playback } from './playback.ts';
import { record } from './record.ts';
import { socket } from './socket.ts';
import { multiset, set, unset } from './variables.ts';
import { park, sleep } from './waiting.ts';

interface Parts {
  readonly core: EventSocketCore;
  readonly conferences: Conferences;
  readonly bridges: Bridges;
}

/** Every application this server knows. Any other name hangs the channel up. */
export function applicationTable({ core, conferences, bridges }: Parts): ReadonlyMap<string, Application> {
  return new Map<string, Application>([
    ['answer', nothingToDo],
    ['conference', conference(conferences)],
    ['export', set],
    ['hangup', hangup],
    ['multiset', multiset],
    ['park', park],
    ['play_and_get_digits', playAndGetDigits],
    ['playback', playback],
    ['record', record],
    ['record_session', recordSession],
    // Without a say module and a speech engine FreeSWITCH 1.10.12 takes both and plays nothing.
    ['say', nothingToDo],
    ['send_dtmf', sendDtmf],
    ['set', set],
    ['set_mute', setMute],
    ['sleep', sleep],
    ['socket', socket(core)],
    ['speak', nothingToDo],
    ['start_dtmf', nothingToDo],
    ['stop_dtmf', nothingToDo],
    ['stop_record_session', stopRecordSession],
    ['unset', unset],
    ['uuid_bridge', bridges.application],
  ]);
}
