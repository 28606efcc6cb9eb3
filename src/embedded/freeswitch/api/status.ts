import { localTime, VERSION } from '../event-bus.ts';
import type { Channel } from '../channel/channel.ts';
import { PROFILE } from '../sip/profile.ts';
import { type ApiCommand } from './server.ts';
import { words } from '../words.ts';

const RULE = '='.repeat(97);

export const status: ApiCommand = ({ bus, channels, admission: { maxSessions, rate, ready } }) => {
  const up = uptime(Date.now() - bus.startedAt);
  return (
    `UP ${up}\nFreeSWITCH (Version ${VERSION}  64bit) is ${ready ? 'ready' : 'not ready'}\n${channels.begun} session(s) since startup\n` +
    `${channels.count} session(s) - peak ${channels.peak}, last 5min ${channels.peak} \n` +
    `${rate.last} session(s) per Sec out of max ${rate.limit}, peak ${rate.peak}, last 5min ${rate.recentPeak} \n` +
    `${maxSessions} session(s) max\nmin idle cpu 0.00/100.00\nCurrent Stack Size/Max 240K/8192K\n`
  );
};

export const version: ApiCommand = () => `FreeSWITCH Version ${VERSION}~64bit ( 64bit)\n`;

/** `sofia status`; fsmrf reads the address of the profile from it. */
export const sofia: ApiCommand = ({ channels, sipUrl }, argument) => {
  if (words(argument)[0] !== 'status') return '-ERR only `sofia status` is known\n';
  return (
    `${'Name'.padStart(25)}\t${'Type'.padStart(7)}\t${'Data'.padStart(42)}\tState\n${RULE}\n` +
    `${PROFILE.padStart(25)}\tprofile\t${sipUrl.padStart(42)}\tRUNNING (${channels.count})\n${RULE}\n1 profile 0 aliases\n`
  );
};

/** `show channels [count|as json]` */
export const show: ApiCommand = ({ bus, channels }, argument) => {
  const [what, ...how] = words(argument);
  if (what !== 'channels' && what !== 'calls') return '-ERR only channels can be shown\n';
  const rows = channels.all().map((channel) => row(channel, bus.hostname));
  if (how[0] === 'count') return `\n${rows.length} total.\n`;
  if (how[0] === 'as' && how[1] === 'json') {
    return `${rows.length === 0 ? '{"row_count": 0}' : JSON.stringify({ row_count: rows.length, rows })}\n`;
  }
  const lines = rows.map((each) => `${Object.values(each).join(',')}\n`);
  const heading = rows[0] === undefined ? '' : `${Object.keys(rows[0]).join(',')}\n`;
  return `${heading}${lines.join('')}\n${rows.length} total.\n`;
};

/** `0 years, 0 days, 0 hours, 6 minutes, 40 seconds, 171 milliseconds, 0 microseconds` */
export function uptime(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const parts: [number, string][] = [
    [Math.floor(seconds / 31_536_000), 'years'],
    [Math.floor(seconds / 86_400) % 365, 'days'],
    [Math.floor(seconds / 3600) % 24, 'hours'],
    [Math.floor(seconds / 60) % 60, 'minutes'],
    [seconds % 60, 'seconds'],
    [ms % 1000, 'milliseconds'],
    [0, 'microseconds'],
  ];
  return parts.map(([count, unit]) => `${count} ${count === 1 ? unit.slice(0, -1) : unit}`).join(', ');
}

function row(channel: Channel, hostname: string): Record<string, string> {
  const { caller, life, uuid } = channel;
  const codec = channel.variable('read_codec') ?? '';
  const first = channel.dialplan.at(-1)?.application ?? '';
  return {
    uuid,
    direction: 'inbound',
    created: localTime(channel.createdAt),
    created_epoch: String(Math.floor(channel.createdAt / 1000)),
    name: channel.name,
    state: life.core,
    cid_name: caller.name,
    cid_num: caller.number,
    ip_addr: caller.networkAddress,
    dest: caller.destination,
    application: channel.variable('current_application') ?? first,
    application_data: channel.variable('current_application_data') ?? '',
    dialplan: 'XML',
    context: caller.context,
    read_codec: codec,
    read_rate: '8000',
    read_bit_rate: '64000',
    write_codec: codec,
    write_rate: '8000',
    write_bit_rate: '64000',
    secure: '',
    hostname,
    presence_id: '',
    presence_data: '',
    accountcode: '',
    callstate: life.call,
    callee_name: '',
    callee_num: '',
    callee_direction: '',
    call_uuid: '',
    sent_callee_name: '',
    sent_callee_num: '',
    initial_cid_name: caller.name,
    initial_cid_num: caller.number,
    initial_ip_addr: caller.networkAddress,
    initial_dest: caller.destination,
    initial_dialplan: 'XML',
    initial_context: caller.context,
  };
}
