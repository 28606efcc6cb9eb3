import { setTimeout as delay } from 'node:timers/promises';
import type { Admission, Direction } from '../admission.ts';
import { type ApiCommand, type ApiServer, OK } from './server.ts';
import { words } from '../words.ts';

const SYNTAX =
  '[api_expansion [on|off]|recover|send_sighup|hupall|pause [inbound|outbound]|resume [inbound|outbound]|' +
  'shutdown [cancel|elegant|asap|now|restart]|sps|sps_peak_reset|sync_clock|sync_clock_when_idle|reclaim_mem|' +
  'max_sessions|min_dtmf_duration [num]|max_dtmf_duration [num]|default_dtmf_duration [num]|min_idle_cpu|' +
  'loglevel [level]|debug_level [level]|mdns_resolve [enable|disable]]';

type Control = (server: ApiServer, words: readonly string[]) => string | Promise<string>;

/** `fsctl …`, the commands by which a server is limited, drained and shut down; replies as measured on 1.10.12. */
export const fsctl: ApiCommand = (server, argument) => {
  const [name, ...rest] = words(argument.toLowerCase());
  if (name === undefined) return `-USAGE: ${SYNTAX}\n`;
  const control = CONTROLS.get(name);
  return control === undefined ? `-ERR Invalid command\nUSAGE: fsctl ${SYNTAX}\n` : control(server, rest);
};

const CONTROLS: ReadonlyMap<string, Control> = new Map(
  Object.entries<Control>({
    pause({ admission }, [which]) {
      admission.pause(...directions(which));
      return OK;
    },
    resume({ admission }, [which]) {
      admission.resume(...directions(which));
      return OK;
    },
    pause_check: ({ admission }, [which]) => String(directions(which).every((each) => admission.paused(each))),
    ready_check: ({ admission }) => String(admission.ready),
    shutdown_check: ({ admission }) => String(admission.shutdownRequested),
    max_sessions({ admission }, [wanted]) {
      admission.maxSessions = Math.floor(Number(wanted)) || admission.maxSessions;
      return `+OK max sessions: ${admission.maxSessions}\n`;
    },
    sps({ admission: { rate } }, [wanted]) {
      rate.limit = Math.floor(Number(wanted)) || rate.limit;
      return `+OK sessions per second: ${rate.limit}\n`;
    },
    last_sps: ({ admission }) => `+OK last sessions per second: ${admission.rate.last}\n`,
    sps_peak_reset({ admission }) {
      admission.rate.resetPeak();
      return '+OK max sessions per second counter reset\n';
    },
    async hupall({ channels }) {
      await Promise.all(channels.all().map((channel) => channel.hangup('MANAGER_REQUEST')));
      return OK;
    },
    min_idle_cpu: () => '+OK min idle cpu: DISABLED\n',
    recover: () => '+OK flushed\n',
    send_sighup: () => OK,
    reclaim_mem: () => OK,
    flush_db_handles: () => OK,
    shutdown,
  }),
);

function directions(which: string | undefined): readonly Direction[] {
  return which === 'inbound' || which === 'outbound' ? [which] : ['inbound', 'outbound'];
}

/** `elegant` and `asap` answer when the last call has ended, or when another connection cancels. */
async function shutdown(server: ApiServer, words: readonly string[]): Promise<string> {
  const { admission } = server;
  if (words.includes('cancel')) {
    admission.shutdownRequested = false;
    return OK;
  }
  if (words.includes('now')) server.shutDown('at once');
  else if (!words.includes('elegant') && !words.includes('asap')) server.shutDown('in order');
  else if (await untilIdle(server, words.includes('asap'), admission)) server.shutDown('in order');
  return OK;
}

/** As FreeSWITCH does. */
const LOOK_EVERY_MS = 500;

/** @returns false when it was cancelled */
async function untilIdle({ bus, channels }: ApiServer, asap: boolean, admission: Admission): Promise<boolean> {
  bus.publish(bus.create('SHUTDOWN_REQUESTED').set('Event-Info', asap ? 'ASAP' : 'elegant'));
  admission.shutdownRequested = true;
  if (asap) admission.pause('inbound', 'outbound');
  const stillWanted = (): boolean => admission.shutdownRequested;
  while (stillWanted() && channels.count > 0) await delay(LOOK_EVERY_MS, undefined, { ref: false });
  if (!stillWanted()) admission.resume('inbound', 'outbound');
  return stillWanted();
}
