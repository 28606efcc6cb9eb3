import { describe, expect, it } from 'vitest';
import { EarpieceError } from '../../../src/coaching/errors.ts';
import type { PhoneOptions } from '../../support/phone.ts';
import { writeSdp } from '../../support/sdp.ts';
import { House } from './house.ts';

const room = (port: number, version = 1) =>
  writeSdp('room', version, { address: '127.0.0.1', port, codecs: ['PCMU', 'PCMA'], direction: 'sendrecv' });
const origin = (sdp: string) => /^o=(\S+ \S+) (\d+) (.*)$/m.exec(sdp)?.slice(1) ?? [];
const port = (sdp: string) => /^m=audio (\d+)/m.exec(sdp)?.[1];

async function established(
  house: House,
  {
    number = '5001',
    ...options
  }: { number?: string; agent?: Partial<PhoneOptions>; customer?: Partial<PhoneOptions> } = {},
) {
  const agent = await house.registered(number, options.agent);
  const customer = await house.phone('customer', options.customer);
  const outer = customer.call(house.uri(number));
  await outer.established();
  const inner = await agent.incoming();
  const call = await house.control.established(number);
  return { agent, customer, outer, inner, call, caller: call.caller.legId, callee: call.callee.legId };
}

const open = () => House.open({ residents: [{ number: '5001' }] });

describe('the media of a direct call', () => {
  it('are held and resumed from either side, descriptions untouched', async () => {
    await using house = await open();
    const { outer, inner } = await established(house);
    expect(await outer.hold()).toBe(200);
    const held = await inner.receives('INVITE');
    expect(held.body).toContain('a=sendonly');
    expect(origin(held.body)).toEqual(origin(outer.invite.body).with(1, '2'));
    expect(await outer.resume()).toBe(200);
    expect((await inner.receives('INVITE', { skip: 1 })).body).toContain('a=sendrecv');
    expect(await inner.hold()).toBe(200);
    expect((await outer.receives('INVITE')).body).toContain('a=sendonly');
  });

  it('change by UPDATE as by re-INVITE', async () => {
    await using house = await open();
    const { outer, inner } = await established(house);
    const sdp = room(4000);
    const response = await outer.update({ sdp });
    expect([response.status, response.body.includes('m=audio')]).toEqual([200, true]);
    expect((await inner.receives('INVITE')).body).toContain('m=audio 4000');
    expect((await outer.update()).status).toBe(200);
    expect(inner.requests.filter(({ method }) => method !== 'INVITE')).toEqual([]);
  });

  it('do not bother the other side where a phone only refreshes its session', async () => {
    await using house = await open();
    const { outer, inner } = await established(house);
    const response = await outer.reinvite({ sdp: outer.invite.body });
    expect([response.status, response.body]).toEqual([200, outer.responses.at(-1)?.body]);
    expect(inner.requests).toEqual([]);
  });

  it('stay as they were where the other side refuses, and its reason is passed on', async () => {
    await using house = await open();
    const { outer, inner, caller } = await established(house);
    inner.reoffers = 488;
    const before = house.b2bua.remoteDescription(caller);
    expect((await outer.reinvite({ sdp: room(4000) })).status).toBe(488);
    expect(house.b2bua.remoteDescription(caller)).toBe(before);
    inner.reoffers = 408;
    expect((await outer.reinvite({ sdp: room(4002) })).status).toBe(488);
    expect((await outer.reinvite({ sdp: 'rubbish\r\n' })).status).toBe(400);
    inner.reoffers = 'answer';
    expect((await outer.reinvite({ sdp: room(4004) })).status).toBe(200);
  });

  it('are offered by the other phone to one that asks for an offer', async () => {
    await using house = await open();
    const { outer, inner, caller, callee } = await established(house);
    const response = await outer.reinvite({ sdp: false });
    expect(response.status).toBe(200);
    expect((await inner.receives('INVITE')).body).toBe('');
    await inner.acknowledged();
    expect(origin(response.body)[0]).toMatch(/^phone-5001/);
    expect(house.b2bua.remoteDescription(callee)).toBe(response.body);
    expect(origin(house.b2bua.remoteDescription(caller))[0]).toMatch(/^customer/);
    expect(await outer.hangUp()).toBe(200);
  });

  it('meet in the middle: one side is told 491 and its next try succeeds', async () => {
    await using house = await open();
    const { outer, inner } = await established(house);
    const [one, other] = await Promise.all([outer.reinvite({ sdp: room(4000) }), inner.reinvite({ sdp: room(5000) })]);
    expect([one.status, other.status]).toContain(491);
    expect((await outer.reinvite({ sdp: room(4002) })).status).toBe(200);
    expect((await inner.reinvite({ sdp: room(5002) })).status).toBe(200);
  });

  it('are followed by digits in INFO', async () => {
    await using house = await open();
    const { outer, inner } = await established(house);
    const body = 'Signal=5\r\nDuration=160\r\n';
    const response = await outer.request('INFO', { body, contentType: 'application/dtmf-relay' });
    expect(response.status).toBe(200);
    const digit = await inner.receives('INFO');
    expect([digit.body, digit.headers.get('Content-Type')]).toEqual([body, 'application/dtmf-relay']);
  });

  it.each([
    [469, 400],
    [415, 415],
    [481, 500],
  ])('are followed by no digits where the far phone says %i: the near one hears %i', async (said, heard) => {
    await using house = await open();
    const { outer, inner } = await established(house);
    for (const method of ['INFO', 'MESSAGE']) {
      inner.refusals.set(method, said);
      expect((await outer.request(method, { body: 'x', contentType: 'text/plain' })).status).toBe(heard);
    }
    expect(await outer.hangUp()).toBe(200);
    await inner.ended();
  });
});

describe('the media of a call that is anchored', () => {
  it('keep one session for each phone: the o= line stays, its version rises', async () => {
    await using house = await open();
    const { outer, inner, caller, callee } = await established(house);
    const answer = await house.b2bua.offer(caller, room(4000));
    expect(house.b2bua.remoteDescription(caller)).toBe(answer);
    await house.b2bua.offer(callee, room(4002));
    const [toCaller, toCallee] = await Promise.all([outer.receives('INVITE'), inner.receives('INVITE')]);
    const first = outer.responses.at(-1)?.body ?? '';
    expect(origin(toCaller.body)).toEqual([origin(first)[0], String(Number(origin(first)[1]) + 1), origin(first)[2]]);
    expect(origin(toCallee.body)).toEqual(origin(outer.invite.body).with(1, '2'));
    expect([port(toCaller.body), port(toCallee.body)]).toEqual(['4000', '4002']);

    await house.b2bua.connectDirectly(caller, callee);
    const [back, again] = await Promise.all([
      outer.receives('INVITE', { skip: 1 }),
      inner.receives('INVITE', { skip: 1 }),
    ]);
    expect(Number(origin(back.body)[1])).toBe(Number(origin(toCaller.body)[1]) + 1);
    expect(origin(back.body)[0]).toBe(origin(first)[0]);
    expect([port(back.body), port(again.body)]).toEqual([port(first), port(outer.invite.body)]);
    expect(outer.requests).toHaveLength(2);
    expect(inner.requests).toHaveLength(2);
  });

  it('are answered by the core, and offered by it to a phone that asks', async () => {
    await using house = await open();
    const { outer, inner, caller, callee } = await established(house);
    await house.b2bua.offer(caller, room(4000));
    await house.b2bua.offer(callee, room(4002));
    house.control.answer = () => Promise.resolve(room(4000, 2));
    expect(await outer.hold()).toBe(200);
    const late = await outer.reinvite({ sdp: false });
    expect([late.status, port(late.body)]).toEqual([200, '4000']);
    await house.control.until(
      'the answer in the ACK',
      () => house.control.told.filter(({ type }) => type === 'offer').length === 2,
    );
    expect(inner.requests).toHaveLength(1);
  });

  it('flow directly at last where one phone refuses for a moment: it alone is asked again, none is sent back to the room', async () => {
    await using house = await open();
    const { outer, inner, caller, callee } = await established(house);
    await house.b2bua.offer(caller, room(4000));
    await house.b2bua.offer(callee, room(4002));
    inner.reoffers = 500;
    await expect(house.b2bua.connectDirectly(caller, callee)).rejects.toMatchObject({ code: 'unavailable' });
    inner.reoffers = 'answer';
    await house.diary.says('connected directly at last');
    const ports = (requests: readonly { readonly body: string }[]) => requests.map(({ body }) => port(body));
    expect(ports(outer.requests)).toEqual(['4000', port(outer.responses.at(-1)?.body ?? '')]);
    const outside = port(outer.invite.body);
    expect(ports(inner.requests)).toEqual(['4002', outside, outside]);
  });

  it('stay with the room where it was offered anew after a phone had refused to leave it', async () => {
    await using house = await House.open({ residents: [{ number: '5001' }, { number: '5002' }] });
    const first = await established(house);
    const second = await established(house, { number: '5002' });
    for (const { inner, caller, callee } of [first, second]) {
      await house.b2bua.offer(caller, room(4000));
      await house.b2bua.offer(callee, room(4002));
      inner.reoffers = 500;
      await expect(house.b2bua.connectDirectly(caller, callee)).rejects.toMatchObject({ code: 'unavailable' });
      inner.reoffers = 'answer';
      if (callee === first.callee) await house.b2bua.offer(callee, room(4004));
    }
    // By now the first would have been asked to leave, too.
    await house.diary.says('connected directly at last');
    expect(first.inner.requests.map(({ body }) => port(body)).slice(-1)).toEqual(['4004']);
    expect(port(second.inner.requests.at(-1)?.body ?? '')).toBe(port(second.outer.invite.body));
  });

  it('are never offered again from the room once they shall flow directly', async () => {
    await using house = await open();
    const { outer, inner, caller, callee } = await established(house);
    await house.b2bua.offer(caller, room(4000));
    await house.b2bua.offer(callee, room(4002));
    inner.reoffers = 500;
    await expect(house.b2bua.connectDirectly(caller, callee)).rejects.toMatchObject({ code: 'unavailable' });
    inner.reoffers = 'answer';
    const late = await inner.reinvite({ sdp: false });
    expect([late.status, port(late.body)]).toEqual([200, port(outer.invite.body)]);
  });

  it.each([488, 403, 501])(
    'flow directly again where only one phone had come: the other says %i to everything',
    async (refusal) => {
      await using house = await open();
      const { outer, inner, caller, callee } = await established(house);
      outer.reoffers = refusal;
      await expect(house.b2bua.offer(caller, room(4000))).rejects.toMatchObject({ code: 'unavailable' });
      await house.b2bua.offer(callee, room(4002));
      await house.b2bua.connectDirectly(caller, callee);
      expect(outer.requests).toHaveLength(1);
      expect(inner.requests.map(({ body }) => port(body))).toEqual(['4002', port(outer.invite.body)]);
    },
  );

  const only = (codec: 'PCMU' | 'PCMA', at: number) =>
    writeSdp('room', 1, { address: '127.0.0.1', port: at, codecs: [codec], direction: 'sendrecv' });

  it('flow directly as they did before where what the phones said last has no codec in common', async () => {
    await using house = await open();
    const { outer, inner, caller, callee } = await established(house);
    await house.b2bua.offer(caller, only('PCMU', 4000));
    await house.b2bua.offer(callee, only('PCMA', 4002));
    await house.b2bua.connectDirectly(caller, callee);
    const formats = (sdp: string) => /^m=audio (\d+ RTP\/AVP .*)\r$/m.exec(sdp)?.[1];
    const [toCaller, toCallee] = [outer, inner].map(({ requests }) => formats(requests[1]?.body ?? ''));
    expect(toCaller).toBe(formats(outer.responses.at(-1)?.body ?? ''));
    expect(toCallee).toBe(formats(outer.invite.body));
    expect(house.b2bua.remoteDescription(callee)).toContain('PCMU');
  });

  it('are negotiated afresh where one phone has moved, and what they said last has no codec in common', async () => {
    await using house = await open();
    const { outer, inner, caller, callee } = await established(house);
    await house.b2bua.offer(caller, only('PCMU', 4000));
    inner.answerOffersWith = only('PCMA', 6000);
    await house.b2bua.offer(callee, only('PCMA', 4002));
    inner.answerOffersWith = undefined;
    await house.b2bua.connectDirectly(caller, callee);
    expect((await outer.receives('INVITE', { skip: 1 })).body).toBe('');
    await outer.acknowledged();
    expect(port((await inner.receives('INVITE', { skip: 1 })).body)).toBe(port(outer.invite.body));
  });

  it.each([
    ['none of what it is offered', '9', 'the phone speaks none of PCMU, PCMA'],
    ['what it is offered', '0', 'the phone refused the media offered to it with 488'],
  ])('are refused by a phone that speaks %s', async (_, format, message) => {
    await using house = await open();
    const { outer, inner, callee } = await established(house);
    const said = room(6000).replace(/RTP\/AVP .*/, `RTP/AVP ${format}`);
    outer.answerOffersWith = said;
    expect((await inner.reinvite({ sdp: said })).status).toBe(200);
    inner.reoffers = 488;
    await expect(house.b2bua.offer(callee, room(4000))).rejects.toMatchObject({ code: 'unavailable', message });
    expect(house.b2bua.remoteDescription(callee)).toBe(said);
  });

  it('are retried after 491, and given up with a phone that is gone', async () => {
    await using house = await open();
    const { inner, callee } = await established(house);
    inner.reoffers = 491;
    const offered = house.b2bua.offer(callee, room(4000));
    await inner.receives('INVITE');
    inner.reoffers = 'answer';
    expect(port(await offered)).toBeDefined();
    expect(inner.requests).toHaveLength(2);
    await inner.hangUp();
    await expect(house.b2bua.offer(callee, room(4002))).rejects.toBeInstanceOf(EarpieceError);
    expect(() => house.b2bua.remoteDescription('no such leg')).toThrow(expect.objectContaining({ code: 'not-found' }));
  });

  it('take precedence over an offer of the phone that waits: it gets 491', async () => {
    await using house = await open();
    const { outer, caller } = await established(house);
    house.control.answer = async (_callId, legId) => {
      await house.b2bua.offer(legId, room(4000));
      throw new EarpieceError('unavailable', 'too late');
    };
    const refused = await outer.reinvite({ sdp: room(6000) });
    expect(refused.status).toBe(491);
    expect(port((await outer.receives('INVITE')).body)).toBe('4000');
    expect(port(house.b2bua.remoteDescription(caller))).not.toBe('6000');
  });
});
