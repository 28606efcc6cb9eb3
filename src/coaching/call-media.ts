import type { StagedRoom } from './staged-room.ts';

/**
 * Where the media of a call flow. `prepared`: a room with endpoints stands ready, the parties still talk directly.
 * `returning`: they were told to talk directly again, and one has refused so far; it hears the other through the room.
 *
 *     direct ──► prepared ──► anchored ◄──► returning
 *       ▲           │ ▲        │  │             │
 *       │           │ └────────┘  │             │
 *       └───────────┴─────────────┴─────────────┘
 */
export type CallMedia =
  | { readonly flow: 'direct' }
  | { readonly flow: 'prepared' | 'anchored' | 'returning'; readonly room: StagedRoom };
