import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LegListener } from '../../../src/b2bua/leg-listener.ts';
import { Leg } from '../../../src/b2bua/leg.ts';
import type { Acknowledge, Content, SentRequest, Stack, StackDialog, StackResponse } from '../../../src/b2bua/stack.ts';
import { message } from './message.ts';

const sdp = (port: number) =>
  `v=0\r\no=- ${port} 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\nm=audio ${port} RTP/AVP 0\r\n`;
const port = (body: string | undefined) => Number(/m=audio (\d+)/.exec(body ?? '')?.[1]);

/** A phone that takes every re-INVITE with the same description; what happens to it, in order: ports in INVITE and ACK. */
function phoneAt(own: number) {
  const wire: string[] = [];
  const stack = {
    request: (_uri: string, { body }: Content, sent: (error: unknown, request?: SentRequest) => void) => {
      wire.push(body === undefined ? 'INVITE' : `INVITE ${port(body)}`);
      const acknowledge: Acknowledge = (ack) => wire.push(ack === undefined ? 'ACK' : `ACK ${port(ack.body)}`);
      const response: StackResponse = { ...message({}, sdp(own)), status: 200, reason: 'OK', set: () => undefined };
      sent(null, {
        on: (event: string, listener: (...told: never[]) => void) => {
          const respond = listener as unknown as (response: StackResponse, acknowledge: Acknowledge) => void;
          if (event === 'response') queueMicrotask(() => respond(response, acknowledge));
        },
        cancel: () => undefined,
      });
    },
  } as unknown as Stack;
  const heard = new Map<string, (...told: unknown[]) => void>();
  const dialog = {
    id: 'dialog',
    type: 'uac',
    sip: { callId: 'call', localTag: 'ours', remoteTag: 'theirs' },
    local: { sdp: '', contact: '<sip:127.0.0.1>' },
    remote: { sdp: '' },
    req: { method: 'INVITE', socket: undefined },
    res: { stackDialogId: 'dialog' },
    on: (event: string, listener: (...told: unknown[]) => void) => heard.set(event, listener),
  } as unknown as StackDialog;
  const listener = { ended: () => undefined, changed: () => undefined } as unknown as LegListener<Leg>;
  const leg = new Leg(stack, dialog, { remote: sdp(own), local: sdp(9000) }, listener, pino({ level: 'silent' }));
  return { leg, wire, hangsUp: () => heard.get('destroy')?.(message({})) };
}

describe('a phone that was asked for an offer', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is sent no other INVITE before the ACK that has the answer', async () => {
    const { leg, wire } = phoneAt(1000);
    const solicited = await leg.solicit();
    const anchored = leg.offer(sdp(7000));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(wire).toEqual(['INVITE']);
    solicited.answer(sdp(2000));
    await anchored;
    expect(wire).toEqual(['INVITE', 'ACK 2000', 'INVITE 7000', 'ACK']);
    expect(port(leg.local)).toBe(7000);
  });

  it('nor before the ACK that declines', async () => {
    const { leg, wire } = phoneAt(1000);
    const solicited = await leg.solicit();
    const anchored = leg.offer(sdp(7000));
    await vi.advanceTimersByTimeAsync(1_000);
    solicited.decline();
    solicited.decline();
    await anchored;
    expect(wire).toEqual(['INVITE', 'ACK 9000', 'INVITE 7000', 'ACK']);
  });

  it('gets its ACK where nobody answers, and an answer that comes later changes nothing', async () => {
    const { leg, wire } = phoneAt(1000);
    const solicited = await leg.solicit();
    const anchored = leg.offer(sdp(7000));
    await vi.advanceTimersByTimeAsync(32_000);
    await anchored;
    expect(() => {
      solicited.answer(sdp(2000));
    }).toThrow(expect.objectContaining({ code: 'unavailable' }));
    solicited.decline();
    expect(wire).toEqual(['INVITE', 'ACK 9000', 'INVITE 7000', 'ACK']);
    expect(port(leg.local)).toBe(7000);
  });

  it('holds up nobody once it has hung up', async () => {
    const { leg, hangsUp } = phoneAt(1000);
    await leg.solicit();
    const anchored = leg.offer(sdp(7000));
    const refused = expect(anchored).rejects.toMatchObject({ code: 'unavailable' });
    hangsUp();
    await refused;
    expect(vi.getTimerCount()).toBe(0);
  });
});
