import { EventEmitter } from 'node:events';
import type Mrf from 'drachtio-fsmrf';
import { describe, expect, it, vi } from 'vitest';
import { type EndpointServer, makeEndpoint } from '../../../src/media/endpoint.ts';
import { Patience } from '../../../src/media/patience.ts';

/** A FreeSWITCH and its dialog with us; the test says when it answers, connects back, hangs up. */
class Server implements EndpointServer {
  readonly pendingConnections = new Map<string, { readonly fn: (connection: Mrf.EventSocket) => void }>();
  readonly sip = { ipv4: { udp: { address: '10.0.0.1:5080' } } };
  readonly advertisedAddress = '10.0.0.2';
  readonly advertisedPort = 4000;
  readonly byes = vi.fn(() => Promise.reject(new Error('unable to find dialog')));
  readonly dialog = Object.assign(new EventEmitter(), {
    connected: true,
    destroy: this.byes,
    request: vi.fn(),
  }) satisfies Mrf.SipDialog;
  readonly events = { socket: {} } as Mrf.EventSocket;
  headers: Record<string, string> = {};
  answer: (error: unknown, dialog?: Mrf.SipDialog) => void = () => undefined;
  readonly srf: Mrf.Caller = {
    createUAC: (_uri, { headers }, _progress, callback) => {
      this.headers = headers;
      this.answer = callback;
    },
    request: vi.fn(),
  };

  make(setupTimeoutMs = 60_000): ReturnType<typeof makeEndpoint> {
    return makeEndpoint(this, 'v=0', new Patience(), { setupTimeoutMs, replyTimeoutMs: 60_000 });
  }
  connectBack(): void {
    const id = this.headers['User-Agent']?.replace('drachtio-fsmrf:', '') ?? '';
    this.pendingConnections.get(id)?.fn(this.events);
  }
  hangUp(): void {
    this.dialog.connected = false;
    this.dialog.emit('destroy');
  }
}

describe('an endpoint', () => {
  it.each(['first', 'last'])('is made when FreeSWITCH has answered and connected back, that %s', async (order) => {
    const server = new Server();
    const made = server.make();
    if (order === 'first') server.connectBack();
    server.answer(null, server.dialog);
    await Promise.resolve();
    if (order === 'last') server.connectBack();
    await expect(made).resolves.toEqual({ dialog: server.dialog, events: server.events });
    expect(server.headers['X-esl-outbound']).toBe('10.0.0.2:4000');
  });

  it('is not made when FreeSWITCH hangs up instead of connecting back, be it right behind its answer', async () => {
    const server = new Server();
    const made = server.make();
    server.answer(null, server.dialog);
    server.hangUp();
    await expect(made).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/hung up.*10\.0\.0\.2.*advertisedAddress/) as string,
    });
    expect(server.byes).not.toHaveBeenCalled();
    expect(server.pendingConnections.size).toBe(0);
  });

  it('is given up when FreeSWITCH neither connects back nor hangs up; what comes of our BYE is no failure', async () => {
    const server = new Server();
    const made = server.make(20);
    server.answer(null, server.dialog);
    await expect(made).rejects.toMatchObject({
      code: 'timeout',
      message: expect.stringMatching(/10\.0\.0\.2.*advertisedAddress/) as string,
    });
    expect(server.byes).toHaveBeenCalledTimes(1);
    expect(server.pendingConnections.size).toBe(0);
  });

  it('is not made when FreeSWITCH refuses', async () => {
    const server = new Server();
    const made = server.make();
    server.answer(Object.assign(new Error('Sip non-success response: 503'), { status: 503 }));
    await expect(made).rejects.toMatchObject({ code: 'unavailable' });
    expect(server.pendingConnections.size).toBe(0);
  });

  it('that is answered too late is hung up', async () => {
    const server = new Server();
    await expect(server.make(20)).rejects.toMatchObject({ code: 'timeout' });
    server.answer(null, server.dialog);
    await vi.waitFor(() => expect(server.byes).toHaveBeenCalledTimes(1));
    expect(server.pendingConnections.size).toBe(0);
  });
});
