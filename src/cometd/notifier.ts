import type { IncomingMessage, ServerResponse } from 'node:http';
import cometd, { type CometDServer, type ServerSession } from 'cometd-nodejs-server';
import type { User, UserId } from '../coaching/device.ts';
import type { EarpieceEvent } from '../coaching/events.ts';
import type { Events } from '../coaching/ports.ts';
import type { Bulletin } from '../coaching/shared.ts';
import type { Switchboard } from '../coaching/switchboard.ts';
import type { Devices } from '../genesys/devices.ts';
import { type Notification, notifications, type NotificationSource } from '../genesys/notification.ts';
import { failureOf, RequestError } from '../genesys/status.ts';
import type { Uris } from '../genesys/uris.ts';
import type { Logger } from '../log.ts';
import { bayeuxMessages } from './bayeux.ts';
import { notificationsIn } from './bulletin.ts';
import { covers, subscribable } from './channels.ts';
import { SessionsOfUsers } from './sessions-of-users.ts';
import { SupervisedCalls } from './supervised-calls.ts';

/** Clients of one user at a time. */
const CLIENTS = 50;

/** The cookie by which the CometD server tells browsers apart. We set it ourselves: a browser is a user. */
const BROWSER = 'earpiece-user';

export interface NotifierPorts {
  readonly switchboard: Pick<Switchboard, 'call' | 'calls'>;
  readonly devices: Devices;
  readonly uris: Uris;
  /** Where the clients of other instances are told of what happens here; without it there are none. */
  readonly bulletin?: Bulletin;
}

/**
 * Tells the clients of each user, over CometD, what happens to that user's devices and calls. The channels have the same
 * names for everyone; what is told on them is not.
 */
export class CometdNotifier implements Events {
  readonly #source: NotificationSource;
  readonly #log: Logger;
  readonly #bulletin: Bulletin | undefined;
  readonly #server: CometDServer;
  readonly #sessions = new SessionsOfUsers();
  readonly #supervised = new SupervisedCalls();
  readonly #authors = new WeakMap<IncomingMessage, UserId>();
  readonly #responses = new Set<ServerResponse>();

  constructor({ switchboard, devices, uris, bulletin }: NotifierPorts, log: Logger) {
    this.#log = log;
    this.#bulletin = bulletin;
    bulletin?.follow((notice) => {
      for (const notification of notificationsIn(notice)) this.#deliver(notification);
    });
    this.#source = {
      uris,
      device: (id) => devices.resource(id),
      ownerId: (id) => devices.ownerOf(id)?.id,
      call: (id) => switchboard.calls().find(({ call }) => call.id === id),
      callOf: ({ id, callId }) => this.#supervised.get(id) ?? switchboard.call(callId),
    };
    this.#server = cometd.createCometDServer({ browserCookieName: BROWSER, maxSessionsPerBrowser: -1 });
    this.#server.policy = {
      canHandshake: (_, __, decide) => decide(undefined, this.#hasRoom()),
      canCreate: (_, __, channel, decide) => decide(undefined, subscribable(channel)),
      canSubscribe: (_, __, { name }, decide) => decide(undefined, subscribable(name)),
      canPublish: (_, __, ___, decide) => decide(undefined, false),
    };
    this.#server.addListener('sessionAdded', (session: ServerSession) => {
      const author = this.#author();
      if (author !== undefined) this.#sessions.add(author, session);
    });
  }

  /** How many clients wait for a message at this moment. */
  get waiting(): number {
    return this.#sessions.waiting;
  }

  /** Tells an event to the clients of those whom it concerns, wherever they are connected. Never throws: what cannot be told must not harm a call. */
  publish(event: EarpieceEvent): void {
    try {
      if (event.type === 'supervision.alerting') {
        this.#supervised.remember(event.supervision, this.#source.call(event.supervision.callId)?.call);
      }
      const told = notifications(event, this.#source);
      for (const notification of told) this.#deliver(notification);
      // Of registrations every instance hears by itself.
      if (told.length > 0 && event.type !== 'device.changed') this.#bulletin?.post(told);
      if (event.type === 'supervision.ended') this.#supervised.forget(event.supervision);
    } catch (error) {
      this.#log.error({ err: error, event: event.type }, 'event could not be told');
    }
  }

  /** Answers a request of the Bayeux protocol that this user has sent. */
  handle(user: User, request: IncomingMessage, body: unknown, response: ServerResponse): void {
    const messages = bayeuxMessages(body);
    if (messages === undefined) {
      const failure = failureOf(new RequestError('parameter-invalid', 'the body must be one or more Bayeux messages'));
      response.writeHead(failure.http, { 'Content-Type': 'application/json' }).end(JSON.stringify(failure.body));
      return;
    }
    this.#authors.set(request, user.id);
    this.#responses.add(response);
    response.once('close', () => this.#responses.delete(response));
    // Clients are found by the browser's cookie: with the user in its place nobody can speak for another user's client.
    request.headers.cookie = `${BROWSER}=u${Buffer.from(user.id).toString('hex')}`;
    this.#server.handle(Object.assign(request, { body: messages }), response);
  }

  /** Ends the user's clients, after what is queued for them has been sent. */
  loggedOut(userId: UserId): void {
    for (const session of this.#sessions.of(userId)) this.#sessions.endGently(session);
  }

  /** Ends all clients and lets go of their connections. Twice is fine. */
  close(): void {
    for (const response of this.#responses) if (!response.headersSent) response.setHeader('Connection', 'close');
    for (const session of this.#sessions.all()) session.disconnect();
    this.#server.close();
  }

  #deliver({ userId, channel, message }: Notification): void {
    for (const session of this.#sessions.of(userId)) {
      if (session.subscriptions.some(({ name }) => covers(name, channel))) session.deliver(null, channel, message);
    }
  }

  /** Who sent the request that the server is just reading. */
  #author(): UserId | undefined {
    const { request } = this.#server.context as { readonly request?: IncomingMessage };
    return request && this.#authors.get(request);
  }

  #hasRoom(): boolean {
    const author = this.#author();
    return author !== undefined && this.#sessions.of(author).length < CLIENTS;
  }
}
