import type { DeviceId } from './device.ts';
import type { InstanceId } from './instance.ts';
import type { MonitoringEffect, MonitoringState } from './monitoring.ts';

/*
 * What all Earpieces know that share a store, and what is still known after a restart. Every change is told to everyone in
 * the same order, to its author as well: whoever acts on what it is told, and only then, agrees with all others.
 */

/** A step of a subscription that was taken. */
export interface TakenStep {
  readonly supervisorDeviceId: DeviceId;
  readonly state: MonitoringState;
  readonly effects: readonly MonitoringEffect[];
  /** Grows with every step of any subscription. */
  readonly version: number;
  /** Who took it; `undefined`: it was found in the store. */
  readonly by: InstanceId | undefined;
}

/** The subscriptions of all supervisors. */
export interface MonitoringStore {
  /** `told` hears at once of what is stored, and then of every step. */
  follow(told: (step: TakenStep) => void): void;
  /**
   * Takes a step from the version that the caller knows of this subscription, 0 where it knows of none. `overtaken`: another step
   * was taken meanwhile, and has been told. `held`: with `exclusive`, another supervisor holds the target. Nothing has changed then.
   * Rejects with `unavailable` or `timeout` when the store could not keep it.
   */
  take(
    step: Omit<TakenStep, 'version' | 'by'>,
    condition: { readonly from: number; readonly exclusive: boolean },
  ): Promise<'taken' | 'overtaken' | 'held'>;
}

/** A map that everyone sees. Writing never waits for the store and never fails: what cannot be written now is written later. */
export interface SharedMap<V> {
  /**
   * `asOf`, milliseconds since the epoch: what is stored by then and is newer than that stays, the writer has not heard of it. Only a map that
   * knows how old its values are minds it.
   */
  put(key: string, value: V, asOf?: number): void;
  remove(key: string, asOf?: number): void;
  /** `told` hears at once of what is stored, and then of every change; `undefined`: it is gone. */
  follow(told: (key: string, value: V | undefined) => void): void;
}

/** The other Earpieces. */
export interface Siblings {
  readonly self: InstanceId;
  follow(listener: SiblingListener): void;
  /** Nothing is left outside of the store of one that is gone: the next process need not be told of it. */
  cleared?(instanceId: InstanceId): void;
}

export interface SiblingListener {
  /** An instance is gone without a word, one before this perhaps. One of those that are left is told. */
  lost(instanceId: InstanceId): Promise<void>;
  /** One that was told of as lost here lives: it was long out of sight. What it has is its own again. */
  returned?(instanceId: InstanceId): void;
  /** The store is back: what could not be stored meanwhile may be now. */
  reunited(): void;
}

/** Tells the other instances something, once and without delay; who is not there does not hear it. */
export interface Bulletin {
  post(notice: unknown): void;
  /** What others have posted. */
  follow(told: (notice: unknown) => void): void;
}
