import type { Role, User } from '../coaching/device.ts';
import type { Uris } from './uris.ts';

const ROLES: Record<Role, string> = { agent: 'ROLE_AGENT', supervisor: 'ROLE_SUPERVISOR', admin: 'ROLE_ADMIN' };

/** A user as the API shows it. */
export function userResource({ id, userName, firstName, lastName, roles }: User, uris: Uris) {
  return {
    id,
    userName,
    firstName,
    lastName,
    roles: roles.map((role) => ROLES[role]),
    enabled: true,
    uri: uris.user(id),
    path: `/users/${id}`,
  };
}
