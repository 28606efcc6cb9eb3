import type { HeaderValue } from '../event.ts';
import { CORE_STATES, type Life } from './call-state.ts';

/** Who called, as FreeSWITCH's caller profile has it. */
export interface CallerProfile {
  readonly name: string;
  readonly number: string;
  readonly networkAddress: string;
  readonly destination: string;
  readonly context: string;
}

/** What the headers of a channel's events are made of. */
export interface ChannelFacts {
  readonly uuid: string;
  readonly name: string;
  readonly life: Life;
  readonly caller: CallerProfile;
  /** PCMU or PCMA. */
  readonly codec: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly hungUpAt: number | undefined;
}

type Headers = Iterable<readonly [string, HeaderValue]>;

/** State, codecs and caller profile: what every event about a channel carries, in FreeSWITCH's order. */
export function* channelHeaders(facts: ChannelFacts): Headers {
  const { uuid, life, codec } = facts;
  yield ['Channel-State', life.core];
  yield ['Channel-Call-State', life.call];
  yield [
    'Channel-State-Number',
    String(life.kind === 'ending' ? Math.max(10, CORE_STATES[life.core]) : CORE_STATES[life.core]),
  ];
  yield ['Channel-Name', facts.name];
  yield ['Unique-ID', uuid];
  yield ['Call-Direction', 'inbound'];
  yield ['Presence-Call-Direction', 'inbound'];
  yield ['Channel-HIT-Dialplan', 'true'];
  yield ['Channel-Call-UUID', uuid];
  yield ['Answer-State', life.kind === 'ending' ? 'hangup' : 'answered'];
  if (life.kind === 'ending') yield ['Hangup-Cause', life.cause];
  for (const side of ['Read', 'Write']) {
    yield [`Channel-${side}-Codec-Name`, codec];
    yield [`Channel-${side}-Codec-Rate`, '8000'];
    yield [`Channel-${side}-Codec-Bit-Rate`, '64000'];
  }
  yield* profileHeaders('Caller', facts);
}

/** CHANNEL_DATA starts with the profile under another prefix; clients read `Channel-Unique-ID` from it. */
export function* profileHeaders(prefix: 'Caller' | 'Channel', facts: ChannelFacts): Headers {
  const { caller, uuid } = facts;
  const created = micros(facts.createdAt);
  yield [`${prefix}-Direction`, 'inbound'];
  yield [`${prefix}-Logical-Direction`, 'inbound'];
  yield [`${prefix}-Dialplan`, 'XML'];
  yield [`${prefix}-Caller-ID-Name`, caller.name];
  if (caller.number) yield [`${prefix}-Caller-ID-Number`, caller.number];
  yield [`${prefix}-Orig-Caller-ID-Name`, caller.name];
  yield [`${prefix}-Network-Addr`, caller.networkAddress];
  yield [`${prefix}-Destination-Number`, caller.destination];
  yield [`${prefix}-Unique-ID`, uuid];
  yield [`${prefix}-Source`, 'mod_sofia'];
  yield [`${prefix}-Context`, caller.context];
  yield [`${prefix}-Channel-Name`, facts.name];
  yield [`${prefix}-Profile-Index`, '1'];
  yield [`${prefix}-Profile-Created-Time`, created];
  yield [`${prefix}-Channel-Created-Time`, created];
  yield [`${prefix}-Channel-Answered-Time`, created];
  yield [`${prefix}-Channel-Progress-Time`, '0'];
  yield [`${prefix}-Channel-Progress-Media-Time`, created];
  yield [`${prefix}-Channel-Hangup-Time`, facts.hungUpAt === undefined ? '0' : micros(facts.hungUpAt)];
  for (const never of ['Transfer-Time', 'Resurrect-Time', 'Bridged-Time', 'Last-Hold', 'Hold-Accum']) {
    yield [`${prefix}-Channel-${never}`, '0'];
  }
  yield [`${prefix}-Screen-Bit`, 'true'];
  yield [`${prefix}-Privacy-Hide-Name`, 'false'];
  yield [`${prefix}-Privacy-Hide-Number`, 'false'];
}

function micros(milliseconds: number): string {
  return String(milliseconds * 1000);
}
