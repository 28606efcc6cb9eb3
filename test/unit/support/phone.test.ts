import { afterEach, describe, expect, it } from 'vitest';
import { SipHeaders } from '../../../src/embedded/sip/headers.ts';
import { responseTo } from '../../../src/embedded/sip/message.ts';
import { TransactionLayer } from '../../../src/embedded/sip/transaction.ts';
import { SipTransport } from '../../../src/embedded/sip/transport.ts';
import { authorization } from '../../support/digest-client.ts';
import { Oracle } from '../../support/oracle.ts';
import { Phone, type PhoneOptions } from '../../support/phone.ts';
import { readSdp } from '../../support/sdp.ts';
import { tone } from '../../support/tone.ts';

const [customerTone, agentTone] = [tone('customer'), tone('agent')];
const open: AsyncDisposable[] = [];
async function phone(options: Partial<PhoneOptions> & Pick<PhoneOptions, 'name' | 'voice'>): Promise<Phone> {
  const made = await Phone.open(options);
  open.push(made);
  return made;
}
async function pair(customer: Partial<PhoneOptions> = {}, agent: Partial<PhoneOptions> = {}): Promise<[Phone, Phone]> {
  return [
    await phone({ name: 'customer', voice: customerTone, ...customer }),
    await phone({ name: 'agent', voice: agentTone, ...agent }),
  ];
}
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each[Symbol.asyncDispose]()));
});

describe('two phones', () => {
  it.each(['udp', 'tcp'] as const)('talk over %s until one hangs up', async (protocol) => {
    const [customer, agent] = await pair({ protocol }, { protocol });
    const call = customer.call(agent.uri);
    const taken = await agent.incoming();
    await Promise.all([call.established(), taken.established(), taken.acknowledged()]);
    await Promise.all([customer.probe.hears(agentTone), agent.probe.hears(customerTone)]);
    expect(await taken.hangUp()).toBe(200);
    expect(await call.ended()).toMatchObject({ kind: 'hung-up', by: 'peer' });
    expect(taken.ending).toMatchObject({ kind: 'hung-up', by: 'us' });
    await customer.probe.receivesNothingFor(100);
    expect(new Oracle([customer, agent], [customer, agent]).table().agent).toEqual({ customer: true, agent: false });
  });

  it('choose the codec of the offer that both have, and refuse when there is none', async () => {
    const [customer, agent] = await pair({ codecs: ['PCMA', 'PCMU'] }, { codecs: ['PCMU'] });
    await customer.call(agent.uri).established();
    await agent.probe.hears(customerTone);
    expect(agent.probe.received.at(-1)?.payloadType).toBe(0);
    expect((await customer.call(agent.uri, { codecs: ['PCMA'] }).final()).status).toBe(488);
  });

  it('make the offer in the 200 where the INVITE has none', async () => {
    const [customer, agent] = await pair();
    await customer.call(agent.uri, { sdp: false }).established();
    await Promise.all([customer.probe.hears(agentTone), agent.probe.hears(customerTone)]);
  });

  it('hold and resume', async () => {
    const [customer, agent] = await pair();
    const call = customer.call(agent.uri);
    await call.established();
    await Promise.all([customer.probe.hears(agentTone), agent.probe.hears(customerTone)]);
    expect(await call.hold()).toBe(200);
    const held = await (await agent.incoming()).receives('INVITE');
    expect(readSdp(held.body)?.direction).toBe('sendonly');
    await Promise.all([customer.probe.receivesNothingFor(100), agent.probe.receivesNothingFor(100)]);
    expect(await call.resume()).toBe(200);
    await Promise.all([customer.probe.hears(agentTone), agent.probe.hears(customerTone)]);
  });

  it('move their sound by re-INVITE and UPDATE, and refuse re-INVITEs when told so', async () => {
    const [customer, agent] = await pair();
    const call = customer.call(agent.uri);
    const taken = await agent.incoming();
    await call.established();
    await agent.probe.hears(customerTone);
    await customer.probe.move();
    expect((await call.reinvite()).status).toBe(200);
    await customer.probe.hears(agentTone);
    expect(readSdp(taken.requests[0]?.body ?? '')?.port).toBe(customer.probe.port);
    await customer.probe.move();
    expect(
      (
        await call.update({
          sdp: (customer.calls[0]?.invite.body ?? '').replace(/m=audio \d+/, `m=audio ${customer.probe.port}`),
        })
      ).status,
    ).toBe(200);
    await customer.probe.hears(agentTone);
    taken.reoffers = 491;
    expect((await call.reinvite()).status).toBe(491);
    expect(call.state).toBe('established');
  });

  it('send INFO and keys, and headers arrive', async () => {
    const [customer, agent] = await pair();
    const call = customer.call(agent.uri, { headers: { 'X-Skill': 'gold' }, from: '"Ann" <sip:ann@example.com>' });
    const taken = await agent.incoming();
    expect(taken.invite.headers.get('X-Skill')).toBe('gold');
    expect(taken.invite.headers.get('From')).toMatch(/^"Ann" <sip:ann@example.com>;tag=/);
    await call.established();
    expect((await call.request('INFO', { contentType: 'text/plain', body: 'hello' })).status).toBe(200);
    expect((await taken.receives('INFO')).body).toBe('hello');
    await Promise.all([customer.probe.sendDigits('42'), agent.probe.receivesDigits('42')]);
  });
});

describe('a call that is not answered', () => {
  it('is refused or redirected', async () => {
    const [customer, agent] = await pair({}, { onIncoming: { reject: 486 } });
    expect(await customer.call(agent.uri).ended()).toMatchObject({ kind: 'refused', status: 486 });
    agent.onIncoming = { redirect: 'sip:elsewhere@127.0.0.1' };
    expect((await customer.call(agent.uri).final()).headers.get('Contact')).toBe('<sip:elsewhere@127.0.0.1>');
    expect(customer.history.toString()).toMatch(/← udp\/127\.0\.0\.1:\d+ SIP\/2\.0 486 Busy Here \[1 INVITE\]/);
  });

  it('is cancelled by the caller while it rings', async () => {
    const [customer, agent] = await pair({}, { onIncoming: 'ring' });
    const call = customer.call(agent.uri);
    await call.ringing(180);
    call.cancel();
    expect(await call.ended()).toMatchObject({ kind: 'cancelled', by: 'us' });
    expect(await (await agent.incoming()).ended()).toMatchObject({ kind: 'cancelled', by: 'peer' });
    expect((await call.final()).status).toBe(487);
  });

  it('is hung up at once when the answer crosses the cancellation', async () => {
    const [customer, agent] = await pair();
    const call = customer.call(agent.uri);
    call.cancel();
    const taken = await agent.incoming();
    expect(await taken.ended()).toMatchObject({ kind: 'hung-up', by: 'peer' });
    await taken.acknowledged();
    expect((await call.final()).status).toBe(200);
  });

  it('is answered on demand, after early media', async () => {
    const [customer, agent] = await pair({}, { onIncoming: 'ring' });
    const call = customer.call(agent.uri);
    const taken = await agent.incoming();
    await taken.ring({ status: 183, early: true });
    await customer.probe.hears(agentTone);
    expect(call.state).toBe('inviting');
    await taken.answer();
    await call.established();
  });

  it('is answered by itself where the INVITE asks for it', async () => {
    const [customer, agent] = await pair({}, { onIncoming: 'auto-answer' });
    const call = customer.call(agent.uri, { headers: { 'Call-Info': '<sip:x>;answer-after=0' } });
    await call.established();
    expect((await agent.incoming()).autoAnswer).toEqual({ after: 0 });
    const plain = customer.call(agent.uri);
    await plain.ringing(180);
    expect(plain.state).toBe('inviting');
  });

  it('fails when nobody is there, and says what was sent', async () => {
    const [customer] = await pair({}, { onIncoming: 'ignore' });
    await expect(customer.call('sip:nobody@127.0.0.1:9').final({ within: 300 })).rejects.toThrow(
      /customer to get a final response[^]*INVITE sip:nobody/,
    );
  });
});

describe('an ACK', () => {
  it('that is late makes the 200 be repeated', async () => {
    const [customer, agent] = await pair();
    const call = customer.call(agent.uri, { ackAfter: 700 });
    const taken = await agent.incoming();
    await call.established();
    await taken.acknowledged();
    const oks = customer.history.entries.filter(({ text }) => text.startsWith('SIP/2.0 200'));
    expect(oks.length).toBeGreaterThan(1);
  });
});

describe('credentials', () => {
  it('are those of the example in RFC 2617, without qop', () => {
    const headers = SipHeaders.from({
      'WWW-Authenticate':
        'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc"',
    });
    const request = {
      kind: 'request',
      method: 'GET',
      uri: '/dir/index.html',
      headers: new SipHeaders(),
      body: '',
    } as const;
    const challenge = { kind: 'response', status: 401, reason: '', headers, body: '' } as const;
    const { value } = authorization(request, challenge, { username: 'Mufasa', password: 'Circle Of Life' }) ?? {};
    // MD5(MD5("Mufasa:testrealm@host.com:Circle Of Life"):nonce:MD5("GET:/dir/index.html"))
    expect(value).toContain('response="670fd8c2df070c60b045671b8b24ff02"');
    expect(value).toContain('opaque="5ccc"');
  });

  /** A registrar that wants SHA-256 or MD5 and takes whatever is answered to the challenge. */
  async function registrar(): Promise<{
    target: { protocol: 'udp'; address: string; port: number };
    answers: string[];
  }> {
    const transport = await SipTransport.listen({ host: '127.0.0.1' });
    const layer = new TransactionLayer(transport);
    open.push({ [Symbol.asyncDispose]: () => layer.close() });
    const answers: string[] = [];
    layer.onRequest((transaction, request) => {
      const answer = request.headers.get('Authorization');
      if (answer !== undefined) answers.push(answer);
      const challenge = ['SHA-256', 'MD5'].map(
        (algorithm) => `Digest realm="r", nonce="n", qop="auth", algorithm=${algorithm}`,
      );
      const headers = answer === undefined ? { 'WWW-Authenticate': challenge } : {};
      void transaction.respond(responseTo(request, answer === undefined ? 401 : 200, undefined, { headers }));
    });
    return { target: { protocol: 'udp', address: '127.0.0.1', port: transport.udpPort }, answers };
  }

  it('answer the strongest challenge, or the one that is asked for', async () => {
    const { target, answers } = await registrar();
    const strong = await phone({ name: 'agent', voice: agentTone, credentials: { username: 'a', password: 'p' } });
    const weak = await phone({
      name: 'agent',
      voice: agentTone,
      credentials: { username: 'a', password: 'p', algorithm: 'MD5' },
    });
    expect([await strong.register(target), await weak.register(target), await strong.unregister(target)]).toEqual([
      200, 200, 200,
    ]);
    expect(answers.map((each) => /algorithm=([\w-]+)/.exec(each)?.[1])).toEqual(['SHA-256', 'MD5', 'SHA-256']);
  });
});
