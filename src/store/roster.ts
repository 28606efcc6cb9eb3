import type { Device, DeviceId, User, UserId } from '../coaching/device.ts';
import type { Config } from '../config.ts';

/** A user and what proves that it is the user. */
export interface Account {
  readonly user: User;
  readonly passwordHash: string;
}

/** The configured users and their telephones. */
export class Roster {
  readonly users: readonly User[];
  readonly devices: readonly Device[];
  readonly #accounts: ReadonlyMap<string, Account>;
  readonly #users: ReadonlyMap<UserId, User>;
  readonly #devices: ReadonlyMap<DeviceId, Device>;
  readonly #numbers: ReadonlyMap<string, Device>;

  constructor(config: Pick<Config, 'users' | 'devices'>) {
    const accounts = config.users.map(({ passwordHash, ...user }): Account => ({ user, passwordHash }));
    this.#accounts = new Map(accounts.map((account) => [account.user.userName, account]));
    this.users = accounts.map(({ user }) => user);
    this.devices = config.devices.map(({ id, phoneNumber, owner, address, autoAnswer }): Device => {
      const ownerId = owner === undefined ? undefined : this.#accounts.get(owner)?.user.id;
      return { id, phoneNumber, address, ownerId, autoAnswer };
    });
    this.#users = new Map(this.users.map((user) => [user.id, user]));
    this.#devices = new Map(this.devices.map((device) => [device.id, device]));
    this.#numbers = new Map(this.devices.map((device) => [device.phoneNumber, device]));
  }

  account(userName: string): Account | undefined {
    return this.#accounts.get(userName);
  }

  user(id: UserId): User | undefined {
    return this.#users.get(id);
  }

  device(id: DeviceId): Device | undefined {
    return this.#devices.get(id);
  }

  deviceByNumber(phoneNumber: string): Device | undefined {
    return this.#numbers.get(phoneNumber);
  }

  devicesOf(userId: UserId): Device[] {
    return this.devices.filter(({ ownerId }) => ownerId === userId);
  }
}
