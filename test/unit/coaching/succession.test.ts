import { describe, expect, it } from 'vitest';
import type { Call } from '../../../src/coaching/call.ts';
import { EarpieceError } from '../../../src/coaching/errors.ts';
import type { AbandonedRoom } from '../../../src/coaching/ports.ts';
import { Succession } from '../../../src/coaching/succession.ts';

const party = (legId: string) => ({ legId, deviceId: undefined, phoneNumber: legId, displayName: undefined });
const call: Call = { id: 'call', caller: party('a'), callee: party('b'), type: 'Internal', dnis: '1' };

/** A process that takes over; what it does, in order. */
function successor({ refusals = 0, rooms = ['call'] }: { refusals?: number; rooms?: string[] } = {}) {
  const did: string[] = [];
  const room = (callId: string): AbandonedRoom => ({
    instance: 'dead',
    callId,
    silence: () => Promise.resolve(void did.push(`silence ${callId}`)),
    clear: () => Promise.resolve(void did.push(`clear ${callId}`)),
  });
  let refused = 0;
  let unneeded: (instance: string, callId?: string) => boolean = () => expect.fail('nobody has said what is unneeded');
  const succession = new Succession({
    signalling: {
      connectDirectly: () => {
        if (refused++ < refusals) return Promise.reject(new EarpieceError('unavailable', 'not now'));
        did.push('connect');
        return Promise.resolve();
      },
    },
    rooms: {
      abandoned: (isGone) => Promise.resolve(isGone('dead') ? rooms.map(room) : []),
      clearOnConnect: (isUnneeded) => {
        unneeded = (instance, callId = 'call') => isUnneeded({ instance, callId });
      },
    },
    control: { callEstablished: ({ id }) => void did.push(`established ${id}`) },
    events: { publish: ({ type }) => void did.push(type) },
    clock: { pause: () => Promise.resolve() },
  });
  return { did, succession, unneeded: (instance: string, callId?: string) => unneeded(instance, callId) };
}

const left = (anchored: boolean, up = true) => ({
  call,
  anchored,
  looked: Promise.resolve(),
  isUp: () => up,
  doubt: () => undefined,
});

describe('a call that a dead process has left behind', () => {
  it('anchored: its supervisors are silenced before anything else, its room goes last', async () => {
    const { did, succession } = successor();
    await succession.take(left(true));
    expect(did).toEqual(['silence call', 'connect', 'established call', 'clear call']);
  });

  it('direct: nobody is re-INVITEd', async () => {
    const { did, succession } = successor({ rooms: [] });
    await succession.take(left(false));
    expect(did).toEqual(['established call']);
  });

  it('written down as direct, but there is a room: the room is believed', async () => {
    const { did, succession } = successor();
    await succession.take(left(false));
    expect(did).toEqual(['silence call', 'connect', 'established call', 'clear call']);
  });

  it('whose phones refuse for a while keeps its room meanwhile', async () => {
    const { did, succession } = successor({ refusals: 2 });
    await succession.take(left(true));
    expect(did).toEqual([
      'silence call',
      'call.degraded',
      'call.degraded',
      'connect',
      'established call',
      'clear call',
    ]);
  });

  it('whose phones have gone is not told to the core', async () => {
    const { did, succession } = successor();
    await succession.take(left(true, false));
    expect(did).toEqual(['silence call', 'clear call']);
  });
});

it('rooms that nobody claims are cleared, those of other processes are not', async () => {
  const { did, succession } = successor({ rooms: ['forgotten'] });
  await succession.lost('somebody else');
  expect(did).toEqual([]);
  await succession.lost('dead');
  expect(new Set(did)).toEqual(new Set(['clear forgotten']));
});

describe('on a server that comes back later', () => {
  it('rooms are cleared whose process is known to be gone, and no others', async () => {
    const { succession, unneeded } = successor({ rooms: [] });
    expect(unneeded('dead')).toBe(false);
    await succession.lost('dead');
    expect([unneeded('dead'), unneeded('somebody else')]).toEqual([true, false]);
    succession.returned('dead');
    expect(unneeded('dead')).toBe(false);
  });

  it('the room of a call that is being taken over stays until that is done', async () => {
    const { succession, unneeded } = successor({ rooms: [] });
    await succession.lost('dead');
    let found: () => void = () => undefined;
    const looked = new Promise<void>((resolve) => {
      found = resolve;
    });
    const taken = succession.take({ ...left(true), looked });
    expect([unneeded('dead', 'call'), unneeded('dead', 'another')]).toEqual([false, true]);
    found();
    await taken;
    expect(unneeded('dead', 'call')).toBe(true);
  });
});
