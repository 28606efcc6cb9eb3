import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EarpieceError } from '../../../src/coaching/errors.ts';
import { Channel } from '../../../src/media/channel.ts';
import type { FreeSwitch } from '../../../src/media/freeswitch.ts';
import { ConferenceRoom } from '../../../src/media/room.ts';

const SDP =
  'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n';

/** What FreeSWITCH was told, in its order, and how it answers. */
let did: string[];
let server: { isOver: boolean; mute: () => Promise<string>; end: (name: string) => Promise<void> };
let opened: string[];
let staying: (() => Promise<void>) | undefined;
let room: ConferenceRoom;

beforeEach(() => {
  did = [];
  opened = ['customer', 'agent', 'supervisor'];
  staying = undefined;
  server = { isOver: false, mute: () => Promise.resolve('+OK mute 3\n'), end: () => Promise.resolve() };
  vi.spyOn(Channel, 'open').mockImplementation(() => Promise.resolve(channel()));
  const api = (command: string): Promise<string> => {
    const words = command.replace(/^conference \S+ /, '');
    if (words !== 'mute 3') return Promise.resolve(`+OK ${words}\n`);
    did.push('mute');
    return server.mute();
  };
  const freeswitch = {
    api,
    limits: { setupTimeoutMs: 4500 },
    get isOver() {
      return server.isOver;
    },
  };
  const options = { instance: '', callId: 'call', suffix: '0', conferenceProfile: 'lab', settleMs: 0 };
  const onStaying = (end: () => Promise<void>) => {
    staying = end;
  };
  room = new ConferenceRoom(
    freeswitch as unknown as FreeSwitch,
    { ...options, onLost: () => undefined, onStaying, onClosed: () => did.push('closed') },
    pino({ level: 'silent' }),
  );
});
afterEach(() => vi.restoreAllMocks());

/** The next channel: of the customer, the agent, the supervisor, as they are prepared. */
function channel(sdp = SDP): Channel {
  const name = opened.shift() ?? '';
  const memberId = ['customer', 'agent', 'supervisor'].indexOf(name) + 1;
  return {
    uuid: name,
    sdp,
    gone: new Promise(() => undefined),
    isGone: false,
    join: () => {
      did.push(`${name} enters`);
      return Promise.resolve({ memberId, hears: false, speaks: false, profile: 'lab' });
    },
    end: () => {
      did.push(`end ${name}`);
      return server.end(name);
    },
  } as unknown as Channel;
}

async function coach(): Promise<void> {
  for (const [id, remote] of [['customer', SDP], ['agent', SDP], ['supervisor']] as const) {
    await room.prepare(id, remote);
    await room.admit(id);
  }
  await room.apply([{ type: 'unmute', member: 'supervisor' }]);
  did.length = 0;
}

const timeout = () => Promise.reject(new EarpieceError('timeout', 'BYE took more than 1000 ms'));
const refused = () => Promise.reject(new EarpieceError('unavailable', 'the media server is gone'));

describe('a supervisor that was heard, on a server', () => {
  beforeEach(coach);

  it('that answers: leaves muted', async () => {
    await room.dismiss('supervisor');
    expect(did).toEqual(['mute', 'end supervisor']);
  });

  it('that refuses the mute: leaves all the same', async () => {
    server.mute = () => Promise.resolve('no\n');
    await room.dismiss('supervisor');
    expect(did).toEqual(['mute', 'end supervisor']);
  });

  it('that falls silent while it is dismissed: stays until the server was cleared', async () => {
    server.mute = () => {
      server.isOver = true;
      room.lose('nothing was heard of it');
      return refused();
    };
    server.end = timeout;
    await room.dismiss('supervisor');
    expect(did).toEqual(['mute']);
    await room.close();
    expect(did).toEqual(['mute', 'mute', 'end customer', 'end agent', 'closed']);
    await staying?.();
    expect(did.at(-1)).toBe('end supervisor');
  });

  it('that falls silent while it is being closed: stays as well', async () => {
    server.mute = () => {
      server.isOver = true;
      return refused();
    };
    server.end = timeout;
    await room.close();
    expect(did).not.toContain('end supervisor');
    expect(staying).toBeDefined();
  });

  it('that is dead: leaves when the parties have', async () => {
    server.isOver = true;
    server.mute = refused;
    server.end = refused;
    room.lose('its event socket was closed');
    await room.close();
    expect(did.slice(-4)).toEqual(['end customer', 'end agent', 'end supervisor', 'closed']);
    expect(staying).toBeUndefined();
  });
});

describe('a room', () => {
  it('lets nobody in while somebody leaves: a conference may be ending', async () => {
    await room.prepare('customer', SDP);
    await room.admit('customer');
    let left: () => void = () => undefined;
    server.end = () =>
      new Promise((resolve) => {
        left = resolve;
      });
    const dismissed = room.dismiss('customer');
    await vi.waitFor(() => expect(did).toContain('end customer'));
    await room.prepare('agent', SDP);
    await new Promise((resolve) => setImmediate(resolve));
    expect(did).toEqual(['customer enters', 'end customer']);
    left();
    await dismissed;
    await room.admit('agent');
    expect(did.at(-1)).toBe('agent enters');
  });

  it('ends a channel of which it cannot make an offer', async () => {
    vi.spyOn(Channel, 'open').mockImplementationOnce(() => Promise.resolve(channel('nonsense')));
    await expect(room.prepare('customer', SDP)).rejects.toThrow();
    expect(did).toContain('end customer');
  });
});
