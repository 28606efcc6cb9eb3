import { timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Role, User } from '../coaching/device.ts';
import { RequestError } from '../genesys/status.ts';
import type { Authenticator } from './authenticator.ts';
import type { Session, Sessions } from './sessions.ts';

const COOKIE = 'JSESSIONID';
const CSRF_HEADER = 'X-CSRF-TOKEN';

export interface LogInOptions {
  /** Demand the token of a GET in every request that changes something. */
  readonly csrf: boolean;
  /** Clients come over TLS: the cookie must never go without. */
  readonly secure: boolean;
}

const sessions = new WeakMap<FastifyRequest, Session>();

/** The user who sent a request that has passed {@link requireLogIn}. Throws `not-authenticated` for any other request. */
export function userOf(request: FastifyRequest): User {
  const session = sessions.get(request);
  if (session === undefined) throw notAuthenticated();
  return session.user;
}

/** Throws `permission-missing` unless the user has the role. */
export function requireRole(request: FastifyRequest, role: Role): void {
  if (!userOf(request).roles.includes(role)) {
    throw new RequestError('permission-missing', `this needs the role ${role}`);
  }
}

/** Lets only those pass who prove who they are: by HTTP Basic, afterwards by the session's cookie. */
export function requireLogIn(
  app: FastifyInstance,
  { csrf, secure }: LogInOptions,
  authenticator: Authenticator,
  open: Sessions,
): void {
  app.addHook('onRequest', async (request, reply) => {
    const session = await identify(request, authenticator, open);
    if (session === undefined) throw notAuthenticated();
    sessions.set(request, session);
    if (request.cookies[COOKIE] !== session.id) {
      // Written at once, not by the plugin just before sending: a reply may leave through other hands than fastify's.
      const attributes = { httpOnly: true, sameSite: 'lax', secure, path: '/' } as const;
      reply.header('Set-Cookie', app.serializeCookie(COOKIE, session.id, attributes));
    }
    if (csrf) checkToken(request, reply, session);
  });
}

/** Credentials go before the cookie: whoever sends both wants to be the one whom they name. */
async function identify(
  request: FastifyRequest,
  authenticator: Authenticator,
  open: Sessions,
): Promise<Session | undefined> {
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    const user = await authenticator.user(authorization);
    return user && open.open(user);
  }
  const cookie = request.cookies[COOKIE];
  return cookie === undefined ? undefined : open.resume(cookie);
}

/** A GET answers the token and the name of the header that it must stand in; a change without it is refused. */
function checkToken(request: FastifyRequest, reply: FastifyReply, { csrfToken }: Session): void {
  if (request.method === 'GET' || request.method === 'HEAD') {
    reply.header('X-CSRF-HEADER', CSRF_HEADER).header('X-CSRF-TOKEN', csrfToken);
    return;
  }
  const given = Buffer.from(String(request.headers[CSRF_HEADER.toLowerCase()] ?? ''));
  const expected = Buffer.from(csrfToken);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw new RequestError('csrf-token-missing', `the header ${CSRF_HEADER} must carry the token that a GET answers`);
  }
}

const notAuthenticated = () =>
  new RequestError('not-authenticated', 'log in with HTTP Basic, or send the cookie of a session');
