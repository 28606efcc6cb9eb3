import { describe, expect, it } from 'vitest';
import { EarpieceError } from '../../../src/coaching/errors.ts';
import { abandonedRooms, readConferenceList, readSeparated } from '../../../src/media/abandoned-room.ts';
import type { FreeSwitch } from '../../../src/media/freeswitch.ts';

/** As FreeSWITCH 1.10.12 answered. */
const LIST = `+OK Conference earpiece-ab12-call-1-00ff (2 members rate: 8000 flags: running|answered|enforce_min|dynamic|exit_sound|enter_sound|json_status)
1;sofia/drachtio_mrf/nobody@127.0.0.1:14060;1a994a58-8d5a-492f-8ab7-b19a54b893c7;unknown;;floor;0;0;0
12;sofia/drachtio_mrf/nobody@127.0.0.1:14060;9d2c7e10-8d5a-492f-8ab7-b19a54b893c7;unknown;;hear|speak|talking;0;0;100
+OK Conference 3000 (1 member rate: 8000 flags: running)
7;sofia/internal/1001@10.0.0.1;0b8e5c7a-0000-492f-8ab7-b19a54b893c7;A; B;1001;hear|speak;0;0;300
`;

describe('what conference list says', () => {
  it('are conferences and who is in them', () => {
    expect(readConferenceList(LIST)).toEqual([
      {
        conference: 'earpiece-ab12-call-1-00ff',
        members: [
          { memberId: 1, uuid: '1a994a58-8d5a-492f-8ab7-b19a54b893c7' },
          { memberId: 12, uuid: '9d2c7e10-8d5a-492f-8ab7-b19a54b893c7' },
        ],
      },
      { conference: '3000', members: [{ memberId: 7, uuid: '0b8e5c7a-0000-492f-8ab7-b19a54b893c7' }] },
    ]);
  });

  it.each(['+OK No active conferences.\n', '', '-ERR'])('is nobody in %j', (answer) => {
    expect(readConferenceList(answer)).toEqual([]);
  });
});

describe('what relate 0 says', () => {
  it('is who may not be heard by somebody', () => {
    expect(readSeparated('3 -> 1 NOSPEAK HEAR NOSENDVIDEO \n4 -> 1 SPEAK NOHEAR NOSENDVIDEO \n')).toEqual(new Set([3]));
    expect(readSeparated('+OK No relationships\n').size).toBe(0);
  });
});

const INSTANCE = '0b8e5c7a-0000-4000-8000-b19a54b893c7';
const ROOM = `earpiece-${INSTANCE}-call-1-00ff`;

/** A server with a room of a customer (1), an agent (2) and a supervisor (3) that the customer must not hear. */
function server(answer: (command: string) => string | EarpieceError | undefined) {
  const did: string[] = [];
  const members = ['1;customer;u1;', '2;agent;u2;', '3;supervisor;u3;'];
  // Whoever is killed is still on the list when it is looked at for the first time.
  let killed: string[] = [];
  const list = () => {
    const now = [...members];
    for (const uuid of killed) {
      members.splice(
        members.findIndex((line) => line.includes(`;${uuid};`)),
        1,
      );
      did.push(`${uuid} has left`);
    }
    killed = [];
    return now.length === 0 ? '+OK No active conferences.\n' : `+OK Conference ${ROOM} (…)\n${now.join('\n')}\n`;
  };
  const api = (command: string): Promise<string> => {
    const words = command.replace(`conference ${ROOM} `, '');
    const said = answer(words);
    if (said instanceof EarpieceError) return Promise.reject(said);
    if (said !== undefined) return Promise.resolve(said);
    if (words === 'conference list') return Promise.resolve(list());
    if (words === 'relate 0') return Promise.resolve('3 -> 1 NOSPEAK HEAR NOSENDVIDEO \n');
    did.push(words);
    const [, uuid] = /^uuid_kill (.*)$/.exec(words) ?? [];
    if (uuid !== undefined) killed.push(uuid);
    return Promise.resolve(`+OK ${words}\n`);
  };
  const freeswitch = { api, limits: { setupTimeoutMs: 4500 } } as unknown as FreeSwitch;
  const found = async () => {
    const [room] = await abandonedRooms(freeswitch, 'a', 0, () => true);
    return room ?? expect.fail('no room');
  };
  return { did, found };
}

describe('a room that is cleared', () => {
  it('loses its supervisor first, muted', async () => {
    const { did, found } = server(() => undefined);
    await (await found()).clear();
    expect(did.slice(0, 3)).toEqual(['mute 3', 'uuid_kill u3', 'u3 has left']);
    expect(did.slice(3).sort()).toEqual(['u1 has left', 'u2 has left', 'uuid_kill u1', 'uuid_kill u2']);
  });

  it.each([
    ['refused', '-ERR Non-Existent ID 3\n'],
    ['not answered in time', new EarpieceError('timeout', 'too late')],
  ])('loses its parties first when a mute is %s, and its supervisor when they have left', async (_, answer) => {
    const { did, found } = server((command) => (command === 'mute 3' ? answer : undefined));
    await (await found()).clear();
    expect(did.slice(0, 4).sort()).toEqual(['u1 has left', 'u2 has left', 'uuid_kill u1', 'uuid_kill u2']);
    expect(did.slice(4)).toEqual(['uuid_kill u3', 'u3 has left']);
  });

  it('stays as it is when nobody says who must not be heard', async () => {
    const failure = new EarpieceError('timeout', 'too late');
    const { did, found } = server((command) => (command === 'relate 0' ? failure : undefined));
    const room = await found();
    await expect(room.clear()).rejects.toBe(failure);
    expect(did).toEqual([]);
  });

  it('is asked again for what it refused before', async () => {
    let refusals = 6;
    const { did, found } = server((command) => (command === 'mute 3' && refusals-- > 0 ? '-ERR\n' : undefined));
    const room = await found();
    await expect(room.silence()).rejects.toMatchObject({ code: 'isolation-lost' });
    await room.clear();
    expect(did.slice(0, 3)).toEqual(['mute 3', 'uuid_kill u3', 'u3 has left']);
  });
});
