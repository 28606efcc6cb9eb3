/** What is used of drachtio-fsmrf 4.1.2, its drachtio-modesl 1.3.1 and the dialogs drachtio-srf 5.0.29 gives it. They ship no types. */
declare module 'drachtio-fsmrf' {
  import type { EventEmitter } from 'node:events';
  import type { Server, Socket } from 'node:net';
  import type Srf from 'drachtio-srf';

  namespace Mrf {
    interface EventSocketEvent {
      getHeader(name: string): string | null;
      getBody(): string;
    }

    /** A connection of drachtio-modesl: inbound (we command the server) or outbound (one channel reports to us). */
    interface EventSocket {
      /** `null` once it is closed. */
      readonly socket: Socket | null;
      /** Set by `disconnect`; keeps the connection from reconnecting by itself. */
      closing?: boolean;
      api(command: string, reply: (event: EventSocketEvent) => void): void;
      execute(application: string, argument: string): string;
      subscribe(events: string): void;
      filter(header: string, value: string): void;
      /** What FreeSWITCH says of the channel of an outbound connection. */
      getInfo(): EventSocketEvent | null;
      on(event: string, listener: (event: EventSocketEvent) => void): this;
      once(event: string, listener: (event: EventSocketEvent) => void): this;
      removeAllListeners(event: string): this;
    }

    interface SipDialog extends EventEmitter {
      readonly connected: boolean;
      /** The callback is called for every response, provisional ones too. ACKs a 200 by itself when there is a body. */
      request(
        options: { method: string; body?: string; headers?: Record<string, string> },
        callback: (error: unknown, response: { readonly status: number; readonly body: string }) => void,
      ): void;
      /** Sends BYE. */
      destroy(): Promise<unknown>;
    }

    interface Caller {
      /** Throws when there is no connection to drachtio. */
      createUAC(
        uri: string,
        options: { headers: Record<string, string>; localSdp: string },
        progress: object,
        callback: (error: unknown, dialog?: SipDialog) => void,
      ): void;
      /** Sends a request outside of dialogs; its callback is called when it was sent, or could not be. */
      request(
        uri: string,
        options: { method: string },
        callback: (error: unknown, request?: OutgoingRequest) => void,
      ): void;
    }

    interface OutgoingRequest {
      on(event: 'response', listener: (response: { readonly status: number }) => void): this;
    }

    interface MediaServer extends EventEmitter {
      readonly conn: EventSocket;
      readonly srf: Caller;
      /** Where the SIP profile takes calls, host:port. */
      readonly sip: { readonly ipv4: { readonly udp: { readonly address: string } } };
      readonly advertisedAddress: string;
      readonly advertisedPort: number;
      /** Who waits for the outbound connection of a channel, by the id in the User-Agent of its INVITE. */
      readonly pendingConnections: Map<string, { readonly fn: (connection: EventSocket) => void }>;
      /** Takes the outbound event sockets. */
      readonly _server: { readonly server: Server };
      disconnect(): void;
    }

    interface ConnectOptions {
      readonly address: string;
      readonly port: number;
      readonly secret: string;
      readonly listenAddress: string;
      readonly listenPort: number;
      readonly advertisedAddress?: string | undefined;
      readonly profile?: string | undefined;
    }
  }

  class Mrf {
    constructor(srf: Srf);
    connect(options: Mrf.ConnectOptions, callback: (error: unknown, server?: Mrf.MediaServer) => void): void;
  }

  export = Mrf;
}
