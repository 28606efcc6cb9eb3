import { assignment } from '../applications/variables.ts';
import type { Step } from '../channel/application.ts';
import type { Channel } from '../channel/channel.ts';
import { startRecording, stopAllRecordings, stopRecording } from '../applications/session-recording.ts';
import { hangupCause } from '../channel/hangup-cause.ts';
import { inlineDialplan } from '../dialplan.ts';
import { mediaStatistics } from './media-statistics.ts';
import { type ApiCommand, type ApiServer, NO_SUCH_CHANNEL, OK } from './server.ts';
import { words } from '../words.ts';

const NO_SUCH_SESSION = '-ERR Cannot locate session!\n';

type OnChannel = (channel: Channel, rest: string, server: ApiServer) => string | Promise<string>;

/** Commands whose first word is a channel's UUID. @param least how many words there must be, the UUID included */
function onChannel(usage: string, least: number, command: OnChannel, missing = NO_SUCH_CHANNEL): ApiCommand {
  return (server, argument) => {
    const all = words(argument);
    const [uuid = ''] = all;
    if (all.length < least) return `-USAGE: ${usage}\n`;
    const channel = server.channels.get(uuid);
    return channel === undefined
      ? missing
      : command(channel, argument.slice(argument.indexOf(uuid) + uuid.length).trim(), server);
  };
}

/** Resolves when the channel is out of every mix, so that `+OK` means that nobody hears it any more. */
export const kill = onChannel('<uuid> [cause]', 1, async (channel, cause) => {
  await channel.hangup(hangupCause(cause));
  return OK;
});

export const exists: ApiCommand = ({ channels }, argument) => String(channels.get(argument.trim()) !== undefined);

export const dump = onChannel('<uuid> [format]', 1, async (channel, format) => {
  const event = channel.snapshot();
  for (const [name, value] of mediaStatistics(await channel.media.stats())) event.set(`variable_${name}`, value);
  return format.toLowerCase() === 'json' ? event.toJson() : event.toPlain();
});

export const getVariable = onChannel('<uuid> <var>', 2, (channel, name) => channel.variable(name) ?? '_undef_');

export const setVariable = onChannel('<uuid> <var> [value]', 2, (channel, rest) => {
  const [name = ''] = rest.split(' ');
  channel.setVariable(name, rest.slice(name.length).trim());
  return OK;
});

export const setVariables = onChannel('<uuid> <var>=<value>;<var>=<value>...', 2, (channel, rest) => {
  for (const each of rest.split(';')) {
    const [name, value] = assignment(each);
    if (name) channel.setVariable(name, value);
  }
  return OK;
});

export const breakPlayback = onChannel('<uuid> [all]', 1, (channel, rest) => {
  channel.break({ all: rest === 'all' });
  return OK;
});

/** `uuid_transfer <uuid> [-both|-bleg] <destination> [inline]`; resolves when the old dialplan has been left. */
export const transfer = onChannel(
  '<uuid> [-bleg|-both] <dest-exten> [<dialplan>] [<context>]',
  2,
  async (channel, rest, { channels }) => {
    const [first, ...others] = words(rest);
    const legs = first === '-both' || first === '-bleg' ? others : [first ?? '', ...others];
    const [destination = '', kind] = legs;
    const steps: Step[] =
      kind === 'inline' ? inlineDialplan(destination) : [{ application: destination, argument: '' }];
    const partner = channels.get(channel.variable('bridge_uuid') ?? '');
    const moved = [...(first === '-bleg' ? [] : [channel]), ...(legs === others && partner ? [partner] : [])];
    await Promise.all(moved.map((each) => each.transfer(steps)));
    return OK;
  },
);

/** `uuid_bridge <uuid> <other uuid>` */
export const bridge: ApiCommand = async ({ channels, bridges }, argument) => {
  const [first = '', second] = words(argument);
  if (second === undefined) return '-USAGE: <uuid> <other_uuid>\n';
  const [a, b] = [channels.get(first), channels.get(second)];
  if (a === undefined || b === undefined) return '-ERR Invalid uuid\n';
  await bridges.bridge(a, b);
  return `+OK ${second}\n`;
};

/** `uuid_broadcast <uuid> <file or application::argument> [aleg|bleg|both]` */
export const broadcast: ApiCommand = ({ channels }, argument) => {
  const [uuid = '', what, legs = 'aleg'] = words(argument);
  if (what === undefined) return '-USAGE: <uuid> <path> [aleg|bleg|holdb|both]\n';
  const channel = channels.get(uuid);
  if (channel === undefined) return '-ERR invalid uuid\n';
  const [, application = 'playback', text = what] = /^(\w+)::(.*)$/s.exec(what) ?? [];
  const partner = channels.get(channel.variable('bridge_uuid') ?? '');
  const addressed = [legs === 'bleg' ? undefined : channel, legs === 'aleg' ? undefined : partner];
  for (const each of addressed) void each?.execute({ application, argument: text });
  return '+OK Message sent\n';
};

export const parkChannel = onChannel('<uuid>', 1, async (channel) => {
  await channel.transfer([{ application: 'park', argument: '' }], 'quietly');
  return OK;
});

/** Digits as if the phone had sent them, 250 ms each (FreeSWITCH's default-dtmf-duration of 2000 samples). */
export const receiveDigits = onChannel(
  '<uuid> <dtmf_data>',
  2,
  (channel, rest) => {
    for (const digit of rest.replace(/@.*$/, '')) channel.digit({ digit, duration: 2000 }, 'APP');
    return `+OK ${channel.uuid} received DTMF ${rest}.\n`;
  },
  NO_SUCH_SESSION,
);

export const sendDigits = onChannel(
  '<uuid> <dtmf_data>',
  2,
  async (channel, rest) => {
    const [digits = '', ms] = rest.split('@');
    await channel.media.sendDigits(digits, Number.parseInt(ms ?? '', 10) || undefined);
    return `+OK ${channel.uuid} sent DTMF ${rest}.\n`;
  },
  NO_SUCH_SESSION,
);

const RECORD_USAGE = '<uuid> [start|stop|mask|unmask] <path> [<limit>] [<recording_vars>]';

export const record = onChannel(
  RECORD_USAGE,
  3,
  (channel, rest) => {
    const [action, path = '', limit] = words(rest);
    switch (action) {
      case 'start':
        return attempt(startRecording(channel, path, Number(limit) || 0), '-ERR Cannot record session!\n');
      case 'stop':
        return attempt(stopped(channel, path), '-ERR Cannot stop record session!\n');
      case 'mask':
      case 'unmask':
        return attempt(
          channel.media.maskRecording(path, action === 'mask'),
          `-ERR Cannot ${action} recording session!\n`,
        );
      default:
        return `-USAGE: ${RECORD_USAGE}\n`;
    }
  },
  NO_SUCH_SESSION,
);

async function stopped(channel: Channel, path: string): Promise<void> {
  const done = await (path === 'all' ? stopAllRecordings(channel) : stopRecording(channel, path));
  if (!done) throw new Error(`not recording to ${path}`);
}

/** `uuid_audio <uuid> start read|write mute|level <n>` and `stop`. */
export const audio = onChannel('<uuid> [start [read|write] [mute|level <level>]|stop]', 2, async (channel, rest) => {
  const [action, direction, what, level] = words(rest);
  const { media, gate } = channel;
  if (action === 'stop') {
    await Promise.all([media.setVolume('in', 0), media.setVolume('out', 0), gate.leg({ mute: false, deaf: false })]);
    return OK;
  }
  const reading = direction === 'read';
  if (what === 'mute') {
    const on = level !== '0';
    await gate.leg(reading ? { mute: on } : { deaf: on });
  } else if (what === 'level') {
    const clipped = Math.max(-4, Math.min(4, Number.parseInt(level ?? '', 10) || 0));
    await media.setVolume(reading ? 'in' : 'out', clipped);
  } else return '-ERR Operation Failed\n';
  return OK;
});

/** Our counters are always on. The colon is FreeSWITCH's. */
export const setMediaStatistics = onChannel('<uuid>', 1, () => '+OK:\n');

export const hangupAll: ApiCommand = async ({ channels }, argument) => {
  const cause = argument === '' ? 'MANAGER_REQUEST' : hangupCause(words(argument)[0]);
  await Promise.all(channels.all().map((channel) => channel.hangup(cause)));
  return `+OK hangup all channels with cause ${cause}\n`;
};

async function attempt(action: Promise<unknown>, failure: string): Promise<string> {
  try {
    await action;
    return '+OK Success\n';
  } catch {
    return failure; // the only thing FreeSWITCH says
  }
}
