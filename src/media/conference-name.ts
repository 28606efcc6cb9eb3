/** Whose room a conference is. */
export interface RoomName {
  /** The process that opened it, by a UUID (RFC 9562). */
  readonly instance: string;
  readonly callId: string;
  /** Keeps it apart from an earlier conference of the same call: hexadecimal digits. */
  readonly suffix: string;
}

/**
 * A name for a conference that FreeSWITCH takes as it is: `@`, `+` and blanks have a meaning there. It says whose it is, because
 * a conference outlives the process that opened it, with everyone in it (measured on FreeSWITCH 1.10.12), and whoever comes
 * later must find it. The suffix keeps it apart from an earlier conference of the same call, should a member of that one
 * still be around.
 */
export const conferenceName = ({ instance, callId, suffix }: RoomName): string =>
  `earpiece-${instance}-${callId.replaceAll(/[^A-Za-z0-9.-]/g, '_')}-${suffix}`;

const OURS = /^earpiece-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})-(.+)-([0-9a-f]+)$/;

/** What a name says; `undefined` for a conference that is none of ours. */
export function readConferenceName(name: string): RoomName | undefined {
  const [, instance, callId, suffix] = OURS.exec(name) ?? [];
  if (instance === undefined || callId === undefined || suffix === undefined) return undefined;
  return { instance, callId, suffix };
}
