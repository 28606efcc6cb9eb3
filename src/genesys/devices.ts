import type { DeviceId, User, UserId } from '../coaching/device.ts';
import type { Policy, Switchboard } from '../coaching/switchboard.ts';
import { type DeviceResource, deviceResource } from './device.ts';
import type { Uris } from './uris.ts';

/** The people, as far as it matters to whom a device belongs. */
export interface Users {
  user(id: UserId): User | undefined;
}

/** Shows devices as they are now. */
export class Devices {
  readonly #switchboard: Pick<Switchboard, 'device' | 'heldByAnother'>;
  readonly #users: Users;
  readonly #policy: Pick<Policy, 'severalSupervisors'>;
  readonly #uris: Uris;

  constructor(
    switchboard: Pick<Switchboard, 'device' | 'heldByAnother'>,
    users: Users,
    policy: Pick<Policy, 'severalSupervisors'>,
    uris: Uris,
  ) {
    this.#switchboard = switchboard;
    this.#users = users;
    this.#policy = policy;
    this.#uris = uris;
  }

  /** Throws `not-found`. */
  resource(id: DeviceId): DeviceResource {
    const view = this.#switchboard.device(id);
    const target = view.monitoring?.targetDeviceId;
    const targetHeld =
      !this.#policy.severalSupervisors && target !== undefined && this.#switchboard.heldByAnother(target, id);
    return deviceResource(view, { owner: this.ownerOf(id), targetHeld, uris: this.#uris });
  }

  /** Throws `not-found`. */
  ownerOf(id: DeviceId): User | undefined {
    const { ownerId } = this.#switchboard.device(id).device;
    return ownerId === undefined ? undefined : this.#users.user(ownerId);
  }
}
