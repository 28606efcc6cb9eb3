import type { LocatedCall } from '../coaching/call-locations.ts';
import type { CallRecords } from '../coaching/ports.ts';
import type { Bulletin, MonitoringStore, SharedMap, Siblings } from '../coaching/shared.ts';

/** How it stands with the store; `reason` says why it is down, `since` when that began, in milliseconds since the epoch. */
export type StoreStatus =
  | { readonly kind: 'memory' | 'file' | 'redis'; readonly is: 'up' }
  | { readonly kind: 'file' | 'redis'; readonly is: 'down'; readonly reason: string; readonly since: number };

/** What outlives a process, and what several share. */
export interface Store {
  readonly monitorings: MonitoringStore;
  /** Which instance holds which call; not kept over a restart, where a call does not outlive it either. */
  readonly calls: SharedMap<LocatedCall>;
  /** Who is registered where: whatever the registrar makes of it. */
  readonly registrations: SharedMap<unknown>;
  readonly records: CallRecords;
  readonly siblings: Siblings;
  /** Words between instances, which nobody keeps. */
  readonly bulletin: Bulletin;
  /** Where other instances find the control plane of this one, to ask it whether it lives: a URL without a path. */
  reachableAt(url: string): void;
  /** The key that all instances seal their digest nonces with. */
  nonceKey(): Buffer;
  status(): StoreStatus;
  /** Writes what is still to be written, and lets go. Twice is fine. */
  close(): Promise<void>;
}
