import { createServer, type Server } from 'node:net';
import { parseDraft } from '../sip/message.ts';
import { SipParseError } from '../sip/parse-error.ts';
import type { Timers } from '../sip/timers.ts';
import { TransactionLayer } from '../sip/transaction.ts';
import type { Credentials } from '../sip/stream-dialect.ts';
import { SipTransport, type Protocol, type TransportCounters } from '../sip/transport.ts';
import { AppConnection } from './app-connection.ts';
import { AppRegistry } from './app-registry.ts';
import type { ControlMessage } from './control-message.ts';
import { CallDetailRecords } from './call-detail-records.ts';
import { DialogTable } from './dialog-table.ts';
import { IncomingRequests } from './incoming.ts';
import { LocalAddress } from './local-address.ts';
import { OutgoingRequests } from './outgoing.ts';
import { Proxy } from './proxy.ts';
import type { ServerContext, TagChooser } from './server-context.ts';
import { SessionKeeper } from './session-keeper.ts';

export interface DrachtioOptions {
  /** Where applications connect; 127.0.0.1 and any free port by default. */
  readonly adminHost?: string;
  readonly adminPort?: number;
  readonly secret: string;
  /** The SIP address, UDP and TCP; 127.0.0.1 and any free port by default. */
  readonly host?: string;
  /** The address to announce where `host` is 0.0.0.0. */
  readonly advertise?: string;
  readonly sipPort?: number;
  /** 0 or absent: the number of the UDP port where that is free. */
  readonly sipTcpPort?: number;
  /** SIP over TLS and WebSocket; 0: any free port, absent: none. `tls` and `wss` need `credentials`. */
  readonly sipTlsPort?: number;
  readonly sipWsPort?: number;
  readonly sipWssPort?: number;
  /** Key and certificate, in PEM. */
  readonly credentials?: Credentials;
  /** SIP timers that differ from RFC 3261, in ms. */
  readonly timers?: Partial<Timers>;
  /** Length of a second of Session-Expires in ms; 1000, shorter in tests. */
  readonly second?: number;
  /** Which applications a new request is for, by the tag they authenticated with. */
  readonly tagFor?: TagChooser;
}

/** What srf reads of it: from 0.8.2 on a server understands `ping`. */
const VERSION = 'v0.9.10-embedded';

/**
 * A miniature drachtio-server: drachtio-srf connects to it as to the real one. It keeps transactions and dialogs,
 * completes messages, and leaves every decision to the applications.
 */
export class DrachtioServer {
  readonly #admin: Server;
  readonly #secret: string;
  readonly #context: ServerContext;
  readonly #incoming: IncomingRequests;
  readonly #outgoing: OutgoingRequests;
  readonly #proxy: Proxy;
  readonly #apps = new Set<AppConnection>();
  #closing: Promise<void> | undefined;

  private constructor(options: DrachtioOptions, transport: SipTransport) {
    this.#secret = options.secret;
    const apps = new AppRegistry();
    this.#context = {
      layer: new TransactionLayer(transport, {
        ...(options.timers && { timers: options.timers }),
        autoTrying: 'at-once',
      }),
      local: new LocalAddress(transport),
      apps,
      dialogs: new DialogTable(),
      records: new CallDetailRecords(apps),
      second: options.second ?? 1000,
      tagFor: options.tagFor ?? (() => undefined),
    };
    const keeper = new SessionKeeper(this.#context);
    this.#outgoing = new OutgoingRequests(this.#context, keeper);
    this.#incoming = new IncomingRequests(this.#context, keeper, (notify) => this.#outgoing.adoptNotify(notify));
    const { layer } = this.#context;
    this.#proxy = new Proxy(this.#context, (id) => this.#incoming.release(id));
    layer.onRequest((transaction, request, source) => {
      if (!this.#proxy.relay(transaction)) this.#incoming.receive(transaction, request, source);
    });
    layer.onAck((ack, source) => {
      if (!this.#proxy.relayAck(ack)) this.#incoming.receiveAck(ack, source);
    });
    layer.onCancel((invite, cancel, _raw, source) => {
      if (!this.#proxy.cancel(invite)) this.#incoming.receiveCancel(invite, cancel, source);
    });
    this.#admin = createServer({ noDelay: true }, (socket) => {
      const app = new AppConnection(socket, (from, message) => {
        this.#receive(from, message);
      });
      this.#apps.add(app);
      socket.on('close', () => {
        this.#forget(app);
      });
    });
  }

  /** Binds the SIP and the control port. Rejects with the system's error when one is taken. */
  static async listen(options: DrachtioOptions): Promise<DrachtioServer> {
    const { host = '127.0.0.1', sipPort = 0, sipTcpPort = 0 } = options;
    const transport = await SipTransport.listen({
      host,
      udpPort: sipPort,
      tcpPort: sipTcpPort,
      ...(options.advertise !== undefined && { advertise: options.advertise }),
      ...(options.sipTlsPort !== undefined && { tlsPort: options.sipTlsPort }),
      ...(options.sipWsPort !== undefined && { wsPort: options.sipWsPort }),
      ...(options.sipWssPort !== undefined && { wssPort: options.sipWssPort }),
      ...(options.credentials !== undefined && { credentials: options.credentials }),
    });
    const server = new DrachtioServer(options, transport);
    try {
      await server.#listenForApps(options.adminHost ?? '127.0.0.1', options.adminPort ?? 0);
    } catch (error) {
      await server.close();
      throw error;
    }
    return server;
  }

  get adminPort(): number {
    const address = this.#admin.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** The UDP port; TCP has the same number unless that was taken. */
  get sipPort(): number {
    return this.#context.local.port('udp');
  }

  get sipTcpPort(): number {
    return this.#context.local.port('tcp');
  }

  /** The port of a listener, 0 where there is none. */
  portOf(protocol: Protocol): number {
    return this.#context.local.port(protocol);
  }

  /** Dialogs held, applications connected, messages received, malformed, dropped. */
  get numbers(): TransportCounters & { readonly dialogs: number; readonly apps: number } {
    const { layer, dialogs } = this.#context;
    return { ...layer.transport.counters, dialogs: dialogs.size, apps: this.#apps.size };
  }

  /** Hangs up on every application and stops; calls are not ended. Calling it twice is fine. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#incoming.close();
    this.#proxy.close();
    this.#context.dialogs.endAll();
    for (const app of this.#apps) app.destroy();
    await Promise.all([
      this.#context.layer.close(),
      this.#admin.listening ? new Promise((resolve) => this.#admin.close(resolve)) : undefined,
    ]);
  }

  #listenForApps(host: string, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#admin.once('error', reject);
      this.#admin.listen(port, host, () => {
        this.#admin.off('error', reject);
        resolve();
      });
    });
  }

  #forget(app: AppConnection): void {
    this.#apps.delete(app);
    this.#context.apps.delete(app);
    this.#incoming.appGone(app);
  }

  #receive(app: AppConnection, message: ControlMessage): void {
    const { id, type, args } = message;
    if (type === 'authenticate') this.#authenticate(app, id, args);
    else if (!app.authenticated) refuse(app, id, 'not authenticated');
    else if (type === 'route') {
      app.verbs.add((args[0] ?? '').toLowerCase());
      app.reply(id, 'OK');
    } else if (type === 'remove_route') {
      app.verbs.delete((args[0] ?? '').toLowerCase());
      app.reply(id, 'OK');
    } else if (type === 'ping') app.reply(id, 'OK|pong');
    else if (type === 'sip') {
      this.#attempt(app, id, () => {
        this.#receiveSip(app, message);
      });
    } else if (type === 'proxy') {
      this.#attempt(app, id, () => {
        this.#proxy.order(app, message);
      });
    } else refuse(app, id, 'Unknown message type');
  }

  #authenticate(app: AppConnection, id: string, [secret, tags = '']: readonly string[]): void {
    if (secret !== this.#secret) {
      refuse(app, id, 'incorrect secret');
      return;
    }
    app.authenticated = true;
    app.tags = tags.split(',').filter((tag) => tag !== '');
    this.#context.apps.add(app);
    const { hostports } = this.#context.local;
    app.reply(id, `OK|${hostports}|${VERSION}|${hostports}`);
  }

  /** `sip|<transaction>|<dialog>[|<next hop>]` and a message: a response, or a request of whatever kind. */
  #receiveSip(app: AppConnection, { id, args, sip }: ControlMessage): void {
    const [transaction = '', dialog = '', via = ''] = args;
    const draft = parseDraft(sip);
    if (draft.kind === 'response') this.#incoming.respond(app, id, transaction, draft);
    else this.#outgoing.send(app, id, draft, transaction, dialog, via);
  }

  /** Runs what reads SIP of an application: what it cannot read is the application's mistake. */
  #attempt(app: AppConnection, id: string, read: () => void): void {
    try {
      read();
    } catch (error) {
      if (!(error instanceof SipParseError)) throw error;
      app.reply(id, `NOK|Server error: ${error.message.replace(/[|\r\n]/g, ' ')}`);
    }
  }
}

function refuse(app: AppConnection, id: string, reason: string): void {
  app.authenticated = false;
  app.reply(id, `NO|${reason}`);
  app.end();
}
