import type { EarpieceError } from './errors.ts';
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

/** What a call tells the switchboard about its media. */
export interface LiveCallListener {
  roomOpened(): void;
  roomReleased(): void;
  /** The room is gone and with it every supervisor's audio; the parties are being reconnected. Nobody is in the call but they. */
  roomLost(reason: string): void;
  /** The parties could not be connected directly: they go on in the room, or hear nothing when the room was lost. */
  reconnectFailed(error: EarpieceError): void;
}
