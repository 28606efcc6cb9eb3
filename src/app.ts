import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { B2bua } from './b2bua/b2bua.ts';
import type { Credentials } from './b2bua/digest.ts';
import { Registrar } from './b2bua/registrar.ts';
import type { EarpieceEvent } from './coaching/events.ts';
import type { Directory } from './coaching/ports.ts';
import { Succession } from './coaching/succession.ts';
import { Switchboard } from './coaching/switchboard.ts';
import { CometdNotifier } from './cometd/notifier.ts';
import type { Config } from './config.ts';
import { type Engines, startEngines } from './app/engines.ts';
import { Devices } from './genesys/devices.ts';
import { Uris } from './genesys/uris.ts';
import { createHttpServer } from './http/server.ts';
import { logEvent } from './app/journal.ts';
import { serversOf } from './app/servers.ts';
import { urlOf } from './app/own-url.ts';
import type { Logger } from './log.ts';
import { MediaPool } from './media/media-pool.ts';
import { openStore } from './store/open-store.ts';
import type { Store } from './store/store.ts';
import { Roster } from './store/roster.ts';

/** How often a process that wants to end looks whether the last call is over, ms. */
const DRAIN_LOOK_MS = 100;

interface AppParts {
  readonly switchboard: Switchboard;
  readonly httpUrl: string;
  readonly engines: Engines;
  readonly b2bua: B2bua;
  readonly media: MediaPool;
  readonly store: Store;
  readonly http: FastifyInstance;
}

/** Everything of one Earpiece, made and joined here and nowhere else. */
export class App implements AsyncDisposable {
  readonly switchboard: Switchboard;
  /** Where clients reach the control plane, without a path. */
  readonly httpUrl: string;
  readonly engines: Engines;
  readonly b2bua: B2bua;
  readonly media: MediaPool;
  readonly store: Store;
  /** Resolves when calls are taken and every media server has been tried once. As long as there is no drachtio it waits; GET /health says why. */
  readonly ready: Promise<void>;
  readonly #http: FastifyInstance;
  #closing: Promise<void> | undefined;

  private constructor(parts: AppParts, succession: Succession) {
    this.switchboard = parts.switchboard;
    this.httpUrl = parts.httpUrl;
    this.engines = parts.engines;
    this.b2bua = parts.b2bua;
    this.media = parts.media;
    this.store = parts.store;
    this.#http = parts.http;
    this.ready = this.#connect(succession);
  }

  /** Where phones and the switch reach us over UDP, as host:port. */
  get sipAddress(): string {
    return /udp\/([^,;]+)/.exec(this.b2bua.hostPorts)?.[1] ?? '';
  }

  /**
   * Starts everything; what was started is closed again when a part fails. Drachtio and the media servers cannot fail it: they are
   * tried until they are there (`ready`). `version` is told to clients. `listener` is told every event, beside the log and the clients.
   */
  static async start(
    config: Config,
    log: Logger,
    version: string,
    listener: (event: EarpieceEvent) => void = () => undefined,
  ): Promise<App> {
    const opened: { close(): Promise<unknown> }[] = [];
    const keep = <T extends { close(): Promise<unknown> }>(part: T): T => {
      opened.unshift(part);
      return part;
    };
    try {
      const store = keep(await openStore(config.store, log));
      const engines = keep(await startEngines(config));
      const roster = new Roster(config);
      const registrar = new Registrar({}, store.registrations);
      const directory: Directory = {
        device: (id) => roster.device(id),
        deviceByNumber: (number) => roster.deviceByNumber(number),
        isActive: (id) => roster.device(id)?.address !== undefined || registrar.isActive(id),
      };
      const b2bua = keep(new B2bua(b2buaOptions(config, engines, registrar, store), directory, log));
      const media = keep(new MediaPool(mediaOptions(config, engines, store), log));

      let httpUrl = config.http.publicUrl ?? '';
      const uris = new Uris(() => httpUrl);
      const publish = (event: EarpieceEvent) => {
        const subscribers = [() => logEvent(log, event), () => notifier.publish(event), () => listener(event)];
        for (const tell of subscribers) {
          try {
            tell();
          } catch (error) {
            log.error({ err: error, event: event.type }, 'event not told');
          }
        }
      };
      const { intrusion, severalSupervisors } = config.monitoring;
      const policy = { intrusion, severalSupervisors, alwaysAnchored: config.media.policy === 'always' };
      const clock = { pause: (ms: number) => delay(ms, undefined, { ref: false }) };
      const ports = { directory, signalling: b2bua, media, store, events: { publish }, clock };
      const switchboard = new Switchboard(ports, policy);
      const devices = new Devices(switchboard, roster, policy, uris);
      const notifier = new CometdNotifier({ switchboard, devices, uris, bulletin: store.bulletin }, log);
      const succession = new Succession({ ...ports, rooms: media, control: switchboard });

      const { csrf, sessionMinutes, host, port } = config.http;
      const secure = httpUrl.startsWith('https:');
      const http = keep(
        createHttpServer(
          { csrf, secure, sessionMinutes, version },
          { switchboard, roster, devices, uris, notifications: notifier, servers: serversOf(b2bua, media, store) },
          log,
        ),
      );
      const listening = await http.listen({ host, port });
      if (httpUrl === '') httpUrl = listening;
      store.reachableAt(config.store.redis.siblingUrl ?? urlOf(http.server.address() as AddressInfo));
      return new App({ switchboard, httpUrl, engines, b2bua, media, store, http }, succession);
    } catch (error) {
      for (const part of opened) await part.close();
      throw error;
    }
  }

  /** Takes no new calls; resolves when those that are up have ended, or after `limitMs`. */
  async drain(limitMs: number): Promise<void> {
    this.b2bua.stopAccepting();
    const limit = performance.now() + limitMs;
    while (this.b2bua.counts.calls > 0 && performance.now() < limit) await delay(DRAIN_LOOK_MS);
  }

  /** Stops accepting, ends what is up, and closes every socket. Twice is fine. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** From here on nothing fails. The calls of processes that are gone are ours only now: a start that fails would end them. */
  async #connect(succession: Succession): Promise<void> {
    const { switchboard, b2bua, media, store } = this;
    switchboard.start();
    b2bua.control(switchboard);
    media.whenAvailable(() => switchboard.mediaAvailable());
    const ready = Promise.all([b2bua.connect(), media.connect()]);
    store.siblings.follow({
      // Nobody waits for it: it looks again for a minute.
      lost: (id) =>
        Promise.resolve(void ready.then(() => succession.lost(id)).then(() => store.siblings.cleared?.(id))),
      returned: (id) => void ready.then(() => succession.returned(id)),
      reunited: () => undefined,
    });
    await ready;
    // Their phones are looked for by SIP, their rooms on the media servers.
    if (this.#closing === undefined) b2bua.onAbandoned((call) => void succession.take(call));
  }

  async #close(): Promise<void> {
    this.b2bua.stopAccepting();
    try {
      const closed = once(this.#http.server, 'close');
      await this.#http.close();
      await closed;
    } finally {
      // Media before SIP: supervisors are silenced and settled while the phones' dialogs still stand.
      await this.media.close();
      await this.b2bua.close();
      await this.engines.close();
      // Last: what the supervisors' leaving means to the subscriptions is kept.
      await this.switchboard.settled();
      await this.store.close();
    }
  }
}

function b2buaOptions(config: Config, engines: Engines, registrar: Registrar, store: Store) {
  const { realm, digest, ringSeconds, switch: trunk } = config.sip;
  const phones = new Map(
    config.devices.flatMap(({ id, sip }): [string, Credentials][] =>
      sip === undefined ? [] : [[sip.userName, { deviceId: id, password: sip.password, ha1: sip.ha1 }]],
    ),
  );
  return {
    drachtio: engines.drachtio,
    switch: {
      addresses: trunk.addresses,
      trustFrom: trunk.trustFrom,
      uri: trunk.uri,
      auth: trunk.auth && { username: trunk.auth.userName, password: trunk.auth.password },
    },
    realm,
    algorithms: digest,
    registrar,
    records: store.records,
    nonceKey: () => store.nonceKey(),
    credentials: (userName: string) => phones.get(userName),
    ringMs: { callee: ringSeconds * 1000, supervisor: config.monitoring.answerSeconds * 1000 },
  };
}

function mediaOptions({ media }: Config, engines: Engines, store: Store) {
  const { listenAddress, conferenceProfile, settleMs } = media;
  return {
    instance: store.siblings.self,
    drachtio: engines.drachtio,
    servers: engines.mediaServers,
    listenAddress,
    conferenceProfile,
    settleMs,
  };
}
