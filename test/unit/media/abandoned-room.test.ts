import { describe, expect, it } from 'vitest';
import { readConferenceList, readSeparated } from '../../../src/media/abandoned-room.ts';

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
