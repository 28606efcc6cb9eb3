import { MediaEngine } from '../rtp/engine.ts';
import type { TransactionOptions } from '../sip/transaction.ts';
import { parseNameAddr, parseUri } from '../sip/address.ts';
import type { ApiServer } from './api/server.ts';
import { runApi } from './api/table.ts';
import { applicationTable } from './applications/table.ts';
import type { Application } from './channel/application.ts';
import { Bridges } from './bridge/bridges.ts';
import { Channel } from './channel/channel.ts';
import { Admission } from './admission.ts';
import { Channels } from './channels.ts';
import { Conferences } from './conference/conferences.ts';
import { CONTROLLED, dialplan } from './dialplan.ts';
import { EventBus } from './event-bus.ts';
import type { EventSocketCore } from './eventsocket/core.ts';
import { InboundEventSocket } from './eventsocket/inbound.ts';
import { startHeartbeat } from './heartbeat.ts';
import { inviteVariables, mediaVariables } from './sip/channel-variables.ts';
import { type Call, PROFILE, SipProfile } from './sip/profile.ts';

export interface FreeSwitchOptions {
  /** The IPv4 address to listen on, for all of SIP, RTP and the event socket. 127.0.0.1 unless told. */
  readonly host?: string;
  /** TCP; 0 or absent takes any free port. */
  readonly eventSocketPort?: number;
  /** UDP and TCP; 0 or absent takes any free port. */
  readonly sipPort?: number;
  /** `ClueCon` unless told, as everywhere. */
  readonly password?: string;
  /** First and last RTP port; any free pair when absent. */
  readonly rtpPortRange?: readonly [min: number, max: number];
  /** INVITEs beyond are answered 503; FreeSWITCH's max-sessions. 1200 unless told. */
  readonly maxSessions?: number;
  /** FreeSWITCH's sessions-per-second. 1000 unless told. */
  readonly sessionsPerSecond?: number;
  /** Time between two HEARTBEATs; FreeSWITCH's event-heartbeat-interval. 20 unless told; the first comes within a second. */
  readonly heartbeatSeconds?: number;
  /** Hears what no command asked about: a recording that could not be written, a media thread that died. */
  readonly onError?: (error: Error) => void;
  /** SIP timers, for tests that cannot wait for 32 s. */
  readonly transactions?: TransactionOptions;
}

/** Everything of one server that is not a listening socket. */
interface Core extends EventSocketCore {
  readonly engine: MediaEngine;
  readonly channels: Channels;
  readonly admission: Admission;
}

/**
 * A miniature FreeSWITCH: event socket, SIP, a few applications and conferences, wire-compatible with 1.10.12 as far as
 * drachtio-fsmrf reads it. Its mixer runs in a worker thread and adds only what may be heard.
 */
export class FreeSwitch implements AsyncDisposable {
  readonly host: string;
  readonly eventSocketPort: number;
  readonly sipPort: number;
  readonly engine: MediaEngine;
  readonly #core: Core;
  readonly #eventSocket: InboundEventSocket;
  readonly #profile: SipProfile;
  readonly #stopHeartbeat: () => void;
  #closing: Promise<void> | undefined;

  private constructor(
    host: string,
    core: Core,
    profile: SipProfile,
    eventSocket: InboundEventSocket,
    { onError = ignore, heartbeatSeconds = 20 }: FreeSwitchOptions,
  ) {
    this.host = host;
    this.engine = core.engine;
    this.#core = core;
    this.#profile = profile;
    this.#eventSocket = eventSocket;
    this.#stopHeartbeat = startHeartbeat(core, heartbeatSeconds);
    this.eventSocketPort = eventSocket.port;
    this.sipPort = profile.port;
    this.engine.on('error', (error) => {
      onError(error);
      // Without its mixer a media server is of no use: gone is better than deaf.
      this.engine.stats().catch(() => this.crash());
    });
  }

  /** @throws when a port cannot be bound; nothing stays open then */
  static async listen(options: FreeSwitchOptions = {}): Promise<FreeSwitch> {
    const {
      host = '127.0.0.1',
      password = 'ClueCon',
      eventSocketPort = 0,
      sipPort = 0,
      rtpPortRange,
      transactions,
    } = options;
    const engine = await MediaEngine.start({
      host,
      ...(rtpPortRange === undefined ? {} : { portRange: rtpPortRange }),
    });
    const opened: { close(): Promise<void> }[] = [engine];
    try {
      const bus = new EventBus(host);
      const channels = new Channels();
      const { maxSessions = 1200, sessionsPerSecond = 1000 } = options;
      const admission = new Admission({ maxSessions, sessionsPerSecond });
      const conferences = new Conferences(bus, engine, host);
      const globals = new Map([
        ['local_ip_v4', host],
        ['hostname', bus.hostname],
        ['core_uuid', bus.coreUuid],
      ]);
      const core: Core = {
        bus,
        sessions: new Set(),
        engine,
        channels,
        admission,
        channel: (uuid) => channels.get(uuid),
        api: (name, argument) => runApi(apiServer, name, argument),
      };
      const bridges = new Bridges(engine);
      const applications = applicationTable({ core, conferences, bridges });
      const profile: SipProfile = await SipProfile.listen(
        {
          engine,
          dialplan,
          admits: (beginning) => admission.admits('inbound', channels.count + beginning),
          takesCalls: () => admission.takesCalls(channels.count),
          begin: (call) => beginChannel(call, core, applications, profile.url),
        },
        { host, port: sipPort, ...(transactions === undefined ? {} : { transactions }) },
      );
      opened.unshift(profile);
      const apiServer: ApiServer = {
        bus,
        channels,
        conferences,
        bridges,
        sipUrl: profile.url,
        globals,
        admission,
        shutDown: (how) => setImmediate(() => void (how === 'in order' ? server.close() : server.crash())),
      };
      const eventSocket = await InboundEventSocket.listen(core, { host, port: eventSocketPort, password });
      const server = new FreeSwitch(host, core, profile, eventSocket, options);
      return server;
    } catch (error) {
      for (const each of opened) await each.close();
      throw error;
    }
  }

  /** How many channels are up. */
  get channelCount(): number {
    return this.#core.channels.count;
  }

  /** Hangs every channel up with a BYE and closes everything. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#end('BYE to everybody');
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Goes away as a killed process does: no BYE, all sockets gone at once. For tests of what a loss does. */
  crash(): Promise<void> {
    this.#closing ??= this.#end('silence');
    return this.#closing;
  }

  async #end(how: 'BYE to everybody' | 'silence'): Promise<void> {
    this.#stopHeartbeat();
    const { bus } = this.#core;
    if (how === 'BYE to everybody') bus.publish(bus.create('SHUTDOWN').set('Event-Info', 'System Shutting Down'));
    if (how === 'silence') await this.#closeSockets();
    await Promise.allSettled(this.#core.channels.all().map((channel) => channel.hangup('SYSTEM_SHUTDOWN')));
    await this.#closeSockets();
  }

  async #closeSockets(): Promise<void> {
    for (const session of this.#core.sessions) session.destroy();
    await Promise.all([this.#eventSocket.close(), this.#profile.close(), this.engine.close()]);
  }
}

const ignore = (): void => undefined;

function beginChannel(
  call: Call,
  { bus, channels }: Core,
  applications: ReadonlyMap<string, Application>,
  url: string,
): Channel {
  const { invite, source, localTag, session, agreement } = call;
  const { uri, displayName } = parseNameAddr(invite.headers.get('from') ?? '');
  const { user = 'nobody', host, port } = parseUri(uri);
  const anonymous = user === 'nobody';
  const name = `sofia/${PROFILE}/${user}@${host}${port === undefined ? '' : `:${port}`}`;
  const channel = new Channel({
    bus,
    name,
    applications,
    media: session.stream,
    signalling: call.signalling,
    caller: {
      name: displayName ?? (anonymous ? 'unknown' : user),
      number: anonymous ? '' : user,
      networkAddress: source.address,
      destination: parseUri(invite.uri).user ?? '',
      context: 'mrf',
    },
    variables: [
      ['channel_name', name],
      ...inviteVariables(invite, source, { name: PROFILE, url, localTag }),
      ...mediaVariables(session.stream, agreement),
      ...(invite.headers.has('x-esl-outbound') ? CONTROLLED : []),
    ],
  });
  channels.add(channel);
  channel.follow(call.steps);
  return channel;
}
