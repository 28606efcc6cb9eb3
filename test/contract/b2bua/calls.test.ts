import { describe, expect, it } from 'vitest';
import { House } from './house.ts';

const AGENT = { number: '5001' };
const idle = { ringing: 0, calls: 0, legs: 0, supervisors: 0 };

describe('a call from the switch to an agent', () => {
  it('is up with both descriptions untouched, and over when the caller hangs up', async () => {
    await using house = await House.open({ residents: [AGENT] });
    const agent = await house.registered('5001');
    const customer = await house.phone('customer');
    const call = customer.call(house.uri('5001'), { from: '"Cora Customer" <sip:+4930123@pbx.example>' });
    await call.established();
    const incoming = await agent.incoming();
    await incoming.acknowledged();

    const { call: established } = await house.control.hears('established');
    expect(established).toMatchObject({
      type: 'Inbound',
      dnis: '5001',
      caller: { phoneNumber: '+4930123', displayName: 'Cora Customer', deviceId: undefined },
      callee: { phoneNumber: '5001', deviceId: 'device-5001' },
    });
    expect(incoming.invite.body).toBe(call.invite.body);
    const answered = call.responses.at(-1);
    expect(answered?.body).toBe(house.b2bua.remoteDescription(established.callee.legId));
    expect(house.b2bua.remoteDescription(established.caller.legId)).toBe(call.invite.body);

    expect(house.diary.lines.join('')).not.toMatch(/\+4930123|"5001"/);
    expect(await call.hangUp({ Reason: 'Q.850;cause=16;text="bye"' })).toBe(200);
    const ending = await incoming.ended();
    expect(ending).toMatchObject({ kind: 'hung-up', by: 'peer', reason: 'Q.850;cause=16;text="bye"' });
    await house.control.hears('ended');
  });

  it('is over when the agent hangs up', async () => {
    await using house = await House.open({ residents: [AGENT] });
    const agent = await house.registered('5001');
    const customer = await house.phone('customer');
    const call = customer.call(house.uri('5001'));
    await call.established();
    await house.control.hears('established');
    await (await agent.incoming()).hangUp();
    expect(await call.ended()).toMatchObject({ kind: 'hung-up', by: 'peer' });
    await house.control.hears('ended');
    await house.b2bua.close();
    expect(house.b2bua.counts).toEqual(idle);
  });

  it('that another instance holds now is forgotten without a word to its phones', async () => {
    await using house = await House.open({ residents: [AGENT] });
    const agent = await house.registered('5001');
    const customer = await house.phone('customer');
    const call = customer.call(house.uri('5001'));
    await call.established();
    const { call: established } = await house.control.hears('established');
    house.b2bua.letGo(established.id);
    expect(house.b2bua.counts).toEqual(idle);
    // Whatever had been said to them would have come before this.
    await customer.call(house.uri('5001')).established();
    expect([call.state, agent.calls[0]?.state]).toEqual(['established', 'established']);
  });

  it('passes ringing, early media, and who calls', async () => {
    await using house = await House.open({ residents: [AGENT] });
    const agent = await house.registered('5001', { onIncoming: 'ring' });
    const customer = await house.phone('customer');
    const call = customer.call(house.uri('5001'), {
      headers: {
        'P-Asserted-Identity': '"Boss" <sip:99@pbx.example>',
        Diversion: '<sip:800@pbx.example>;reason=unconditional',
        'User-to-User': '48656c6c6f;encoding=hex',
        'X-Case': '4711',
        'Max-Forwards': '33',
      },
    });
    const incoming = await agent.incoming();
    const { headers } = incoming.invite;
    expect(headers.get('P-Asserted-Identity')).toContain('"Boss" <sip:99@');
    expect(headers.get('Diversion')).toBe('<sip:800@pbx.example>;reason=unconditional');
    expect(headers.get('User-to-User')).toBe('48656c6c6f;encoding=hex');
    expect(headers.get('X-Case')).toBe('4711');
    expect(headers.get('Max-Forwards')).toBe('32');
    expect(headers.get('From')).toContain('"customer"');
    await call.ringing(180);
    await incoming.ring({ status: 183, early: true });
    const progress = await call.ringing(183);
    expect(progress.body).toContain('m=audio');
    await incoming.answer();
    await call.established();
  });

  it.each([486, 603, 404, 500, 488])('is refused as the agent refuses it: %i', async (status) => {
    await using house = await House.open({ residents: [AGENT] });
    await house.registered('5001', { onIncoming: { reject: status, headers: { 'X-Why': 'because' } } });
    const customer = await house.phone('customer');
    const final = await customer.call(house.uri('5001')).final();
    expect(final.status).toBe(status);
    expect(final.headers.get('X-Why')).toBe('because');
    expect(house.b2bua.counts).toEqual(idle);
    expect(house.control.told.filter(({ type }) => type === 'established')).toEqual([]);
  });

  it.each([
    { status: 185, early: true, passed: [180, 183] },
    { status: 101, early: false, passed: [180] },
  ])('goes on where the agent says $status, which nobody knows', async ({ status, early, passed }) => {
    await using house = await House.open({ residents: [AGENT] });
    const agent = await house.registered('5001', { onIncoming: 'ring' });
    const call = (await house.phone('customer')).call(house.uri('5001'));
    const incoming = await agent.incoming();
    await call.ringing(180);
    await incoming.ring({ status, early });
    await incoming.answer();
    await call.established();
    expect(call.responses.map((response) => response.status).filter((each) => each !== 100)).toEqual([...passed, 200]);
    expect(call.responses.find((response) => response.status === 183)?.body.includes('m=audio') ?? false).toBe(early);
  });

  it.each([
    [469, 400],
    [555, 500],
    [607, 600],
  ])('is refused with the meaning of a status that nobody knows: %i as %i', async (said, heard) => {
    await using house = await House.open({ residents: [AGENT] });
    await house.registered('5001', { onIncoming: { reject: said } });
    expect((await (await house.phone('customer')).call(house.uri('5001')).final()).status).toBe(heard);
    expect(house.b2bua.counts).toEqual(idle);
  });

  it('is cancelled with its reason', async () => {
    await using house = await House.open({ residents: [AGENT] });
    const agent = await house.registered('5001', { onIncoming: 'ring' });
    const customer = await house.phone('customer');
    const call = customer.call(house.uri('5001'));
    await call.ringing(180);
    call.cancel();
    expect((await call.final()).status).toBe(487);
    expect(await (await agent.incoming()).ended()).toMatchObject({ kind: 'cancelled', by: 'peer' });
    expect(house.b2bua.counts).toEqual(idle);
  });

  it('ends with 480 when nobody answers in time', async () => {
    await using house = await House.open({ residents: [AGENT], ringMs: { callee: 60, supervisor: 60 } });
    const agent = await house.registered('5001', { onIncoming: 'ring' });
    const customer = await house.phone('customer');
    expect((await customer.call(house.uri('5001')).final()).status).toBe(480);
    expect(await (await agent.incoming()).ended()).toMatchObject({ kind: 'cancelled' });
  });

  it('rings the next phone of the agent when the first is unreachable', async () => {
    await using house = await House.open({ residents: [AGENT] });
    const desk = await house.registered('5001');
    await house.registered('5001', { onIncoming: { reject: 503 } });
    const customer = await house.phone('customer');
    await customer.call(house.uri('5001')).established();
    expect((await desk.incoming()).state).toBe('established');
  });

  it('follows a redirection to another device of ours, and passes any other on', async () => {
    await using house = await House.open({ residents: [AGENT, { number: '5002' }] });
    const agent = await house.registered('5001', { onIncoming: { redirect: 'sip:5002@elsewhere.example' } });
    const other = await house.registered('5002');
    const customer = await house.phone('customer');
    await customer.call(house.uri('5001')).established();
    expect((await house.control.hears('established')).call.callee.deviceId).toBe('device-5002');
    expect((await other.incoming()).state).toBe('established');

    agent.onIncoming = { redirect: 'sip:mailbox@pbx.example' };
    const final = await customer.call(house.uri('5001')).final();
    expect([final.status, final.headers.get('Contact')]).toEqual([302, '<sip:mailbox@pbx.example>']);
  });

  it('lets the agent make the offer where the caller makes none', async () => {
    await using house = await House.open({ residents: [AGENT] });
    const agent = await house.registered('5001');
    const customer = await house.phone('customer');
    const call = customer.call(house.uri('5001'), { sdp: false });
    await call.established();
    const { call: established } = await house.control.hears('established');
    const incoming = await agent.incoming();
    expect(incoming.invite.body).toBe('');
    expect(house.b2bua.remoteDescription(established.caller.legId)).toContain('o=customer');
    expect(house.b2bua.remoteDescription(established.callee.legId)).toContain('o=phone-5001');
    await call.hangUp();
    await incoming.ended();
  });

  it('never rings with a description that nobody could use', async () => {
    await using house = await House.open({ residents: [AGENT] });
    const agent = await house.registered('5001');
    const customer = await house.phone('customer');
    const refused = async (sdp: string) => {
      const final = await customer.call(house.uri('5001'), { sdp }).final();
      return [final.status, final.headers.get('Warning')];
    };
    const head = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n';
    expect(await refused('nonsense\r\n')).toEqual([400, undefined]);
    expect(await refused(`${head}m=video 4000 RTP/AVP 96\r\n`)).toEqual([
      488,
      '304 earpiece "Media type not available"',
    ]);
    expect(agent.calls).toEqual([]);
  });

  it.each([
    ['G.722', '9 101', '9'],
    ['Opus', '111 101', '111'],
    ['G.729', '18 101', '18'],
  ])('is up in %s, which no room speaks, with every description untouched', async (_, offered, chosen) => {
    await using house = await House.open({ residents: [AGENT] });
    const agent = await house.registered('5001', { onIncoming: 'ring' });
    const customer = await house.phone('customer');
    const sdp = (port: number, version: number, formats: string) =>
      `v=0\r\no=- ${port} ${version} IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio ${port} RTP/AVP ${formats}\r\n` +
      'a=rtpmap:111 opus/48000/2\r\na=fmtp:111 useinbandfec=1\r\na=rtpmap:101 telephone-event/8000\r\n';
    const outer = customer.call(house.uri('5001'), { sdp: sdp(4000, 1, offered) });
    const inner = await agent.incoming();
    await inner.answer({ sdp: sdp(4002, 1, chosen) });
    await outer.established();
    expect(inner.invite.body).toBe(sdp(4000, 1, offered));
    expect(outer.responses.at(-1)?.body).toBe(sdp(4002, 1, chosen));
    await house.control.hears('established');

    inner.answerOffersWith = sdp(4002, 2, chosen);
    const held = sdp(4000, 2, chosen) + 'a=sendonly\r\n';
    const answer = await outer.reinvite({ sdp: held });
    expect([answer.status, answer.body]).toEqual([200, sdp(4002, 2, chosen)]);
    expect((await inner.receives('INVITE')).body).toBe(held);
  });

  it('goes nowhere with no forwards left, twice through us, to nobody, or with demands we do not know', async () => {
    await using house = await House.open({ residents: [AGENT] });
    const agent = await house.registered('5001');
    const customer = await house.phone('customer');
    const status = async (number: string, headers: Record<string, string>) =>
      (await customer.call(house.uri(number), { headers }).final()).status;
    expect(await status('5001', { 'Max-Forwards': '0' })).toBe(483);
    expect(await status('9999', {})).toBe(404);
    expect(await status('5001', { Require: 'frobnicate' })).toBe(420);
    await customer.call(house.uri('5001')).established();
    const mark = (await agent.incoming()).invite.headers.get('X-Earpiece-Loop') ?? '';
    expect(await status('5001', { 'X-Earpiece-Loop': mark })).toBe(482);
    expect(agent.calls).toHaveLength(1);
  });

  it('ends for both when the agent hangs up before the caller has acknowledged, and was never up', async () => {
    await using house = await House.open({ residents: [AGENT] });
    const agent = await house.registered('5001');
    const customer = await house.phone('customer');
    const call = customer.call(house.uri('5001'), { ackAfter: 150 });
    const incoming = await agent.incoming();
    await incoming.acknowledged();
    await call.established();
    await incoming.hangUp();
    expect(await call.ended()).toMatchObject({ kind: 'hung-up', by: 'peer' });
    await house.b2bua.close();
    expect(house.control.told.map(({ type }) => type)).toEqual(['registration']);
    expect(house.b2bua.counts).toEqual(idle);
  });

  it('is refused while we are closing down, and those that are up are hung up by close', async () => {
    await using house = await House.open({ residents: [AGENT] });
    const agent = await house.registered('5001');
    const customer = await house.phone('customer');
    const call = customer.call(house.uri('5001'));
    await house.control.hears('established');
    agent.onIncoming = 'ring';
    const ringing = (await house.phone('second')).call(house.uri('5001'));
    await ringing.ringing(180);
    house.b2bua.stopAccepting();
    expect((await (await house.phone('third')).call(house.uri('5001')).final()).status).toBe(503);
    await house.b2bua.close();
    expect(await call.ended()).toMatchObject({ kind: 'hung-up', by: 'peer' });
    expect((await ringing.final()).status).toBe(487);
    expect(house.b2bua.counts).toEqual(idle);
  });

  it('is one of hundreds that leave nothing behind, whoever hangs up and however soon', async () => {
    await using house = await House.open({ residents: [AGENT] });
    const agent = await house.registered('5001');
    const customer = await house.phone('customer');
    for (let n = 0; n < 60; n++) {
      const call = customer.call(house.uri('5001'));
      const incoming = await agent.incoming();
      if (n % 3 === 0) {
        // Right after its 200: the BYE may come in the same segment as the ACK of the caller.
        await incoming.established();
        await incoming.hangUp();
      } else {
        await call.established();
        await call.hangUp();
      }
      await Promise.all([call.ended(), incoming.ended()]);
    }
    await house.b2bua.close();
    expect(house.b2bua.counts).toEqual(idle);
    const told = house.control.told.filter(({ type }) => type !== 'registration').map(({ type }) => type);
    expect(told.filter((type) => type === 'established')).toHaveLength(told.filter((type) => type === 'ended').length);
  });
});
