export type DeviceId = string;
export type UserId = string;
export type Role = 'agent' | 'supervisor' | 'admin';

/** A telephone: a number, a SIP address, an owner. */
export interface Device {
  readonly id: DeviceId;
  readonly phoneNumber: string;
  /** Where the phone is without registering, as a SIP URI (a phone of the switch); `undefined`: where it registered. */
  readonly address: string | undefined;
  readonly ownerId: UserId | undefined;
  /** Ask the phone to go off hook by itself when it is dialled as a supervisor. */
  readonly autoAnswer: boolean;
}

/** A person who logs in. */
export interface User {
  readonly id: UserId;
  readonly userName: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly roles: readonly Role[];
}
