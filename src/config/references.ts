import { z } from 'zod';

/** A problem of several keys together. The path leads to the key that is to be changed. */
export interface Conflict {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** As much of the configuration as refers to itself; what has another shape is somebody else's complaint. */
const word = z.string().optional().catch(undefined);
const outline = z.object({
  sip: z.object({ switch: z.object({ uri: word }).catch({ uri: undefined }) }).catch({ switch: { uri: undefined } }),
  media: z
    .object({
      engine: word,
      freeswitch: z
        .array(z.object({ id: word, host: word, port: z.number().catch(8021) }).catch({ port: 8021 }))
        .catch([]),
    })
    .catch({ engine: undefined, freeswitch: [] }),
  users: z.array(z.object({ id: word, userName: word }).catch({})).catch([]),
  devices: z
    .array(
      z
        .object({
          id: word,
          phoneNumber: word,
          owner: word,
          address: z.unknown().optional(),
          sip: z.object({ userName: word }).optional().catch({}),
        })
        .catch({ sip: {} }),
    )
    .catch([]),
});

/** What does not fit together: the same id twice, an owner that is nobody. */
export function conflicts(tree: unknown): Conflict[] {
  const {
    sip: signalling,
    users,
    devices,
    media,
  } = outline
    .catch({
      sip: { switch: { uri: undefined } },
      users: [],
      devices: [],
      media: { engine: undefined, freeswitch: [] },
    })
    .parse(tree);
  const userNames = new Set(users.map(({ userName }) => userName));
  const found: Conflict[] = [
    ...twice(
      users.map(({ id }) => id),
      (index) => ['users', index, 'id'],
    ),
    ...twice(
      users.map(({ userName }) => userName),
      (index) => ['users', index, 'userName'],
    ),
    ...twice(
      devices.map(({ id }) => id),
      (index) => ['devices', index, 'id'],
    ),
    ...twice(
      devices.map(({ phoneNumber }) => phoneNumber),
      (index) => ['devices', index, 'phoneNumber'],
    ),
    ...twice(
      devices.map(({ sip }) => sip?.userName),
      (index) => ['devices', index, 'sip', 'userName'],
    ),
  ];
  found.push(
    ...twice(
      media.freeswitch.map(({ id, host, port }) => id ?? (host === undefined ? undefined : `${host}:${port}`)),
      (index) => ['media', 'freeswitch', index, 'id'],
    ),
  );
  for (const [index, { owner, sip, address }] of devices.entries()) {
    if (owner !== undefined && !userNames.has(owner)) {
      found.push({
        path: ['devices', index, 'owner'],
        message: `expected the userName of one of the users, found "${owner}"`,
      });
    }
    if (sip !== undefined && address !== undefined) {
      found.push({
        path: ['devices', index, 'address'],
        message: 'expected either sip (the phone registers) or address (it is somewhere), found both',
      });
    }
    if (sip === undefined && address === undefined && signalling.switch.uri === undefined) {
      found.push({
        path: ['devices', index],
        message:
          'expected sip (the phone registers), address (it is somewhere) or sip.switch.uri (it is there), found none',
      });
    }
  }
  if (media.engine === 'freeswitch' && media.freeswitch.length === 0) {
    found.push({
      path: ['media', 'freeswitch'],
      message: 'expected at least one server, because media.engine is freeswitch',
    });
  }
  return found;
}

/** The values that stood somewhere before. */
function twice(values: readonly (string | undefined)[], pathOf: (index: number) => PropertyKey[]): Conflict[] {
  return values.flatMap((value, index) => {
    const first = values.indexOf(value);
    if (value === undefined || first === index) return [];
    return [
      {
        path: pathOf(index),
        message: `expected another than "${value}", which is ${pathOf(first).map(String).join('.')} already`,
      },
    ];
  });
}
