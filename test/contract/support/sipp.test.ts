import { describe, expect, it } from 'vitest';
import { responseTo } from '../../../src/embedded/sip/message.ts';
import { TransactionLayer } from '../../../src/embedded/sip/transaction.ts';
import { SipTransport } from '../../../src/embedded/sip/transport.ts';
import { Phone, type PhoneOptions } from '../../support/phone.ts';
import { Sipp, type SippOptions, sippPath, type SippScenario } from '../../support/sipp.ts';
import { tone } from '../../support/tone.ts';

const fine = { exitCode: 0, successful: 1, failed: 0 };
const [customerTone, agentTone] = [tone('customer'), tone('agent')];

describe.skipIf(sippPath === undefined)('the scenarios of SIPp', () => {
  it.each<[SippScenario, SippScenario]>([
    ['uac', 'uas'],
    ['uac-load', 'uas'],
    ['uac-cancel', 'uas-no-answer'],
  ])('%s against %s', async (caller, called) => {
    await using uas = await Sipp.start(called);
    await using uac = await Sipp.start(caller, { remote: uas, user: 'agent', holdMs: 100 });
    expect(await uac.finished).toMatchObject({ ...fine, errors: expect.not.stringContaining('unexpected') as string });
    expect(await uas.finished).toMatchObject(fine);
  });

  it('count what a busy peer makes fail', async () => {
    await using uas = await Sipp.start('uas-busy');
    await using uac = await Sipp.start('uac', { remote: uas });
    const result = await uac.finished;
    expect(result).toMatchObject({ exitCode: 1, successful: 0, failed: 1 });
    expect(result.errors).toContain('486 Busy Here');
    expect(await uas.finished).toMatchObject(fine);
  });

  it('make many calls a second, with the time each took to be answered', async () => {
    await using uas = await Sipp.start('uas', { calls: 100 });
    await using uac = await Sipp.start('uac-load', { remote: uas, calls: 100, rate: 100, holdMs: 10 });
    const { responseTimes, ...result } = await uac.finished;
    expect(result).toMatchObject({ exitCode: 0, created: 100, successful: 100 });
    expect(responseTimes).toHaveLength(100);
  });

  it('register with digest', async () => {
    const transport = await SipTransport.listen({ host: '127.0.0.1' });
    const layer = new TransactionLayer(transport);
    const answers: string[] = [];
    layer.onRequest((transaction, request) => {
      const answer = request.headers.get('Authorization');
      if (answer !== undefined) answers.push(answer);
      const headers =
        answer === undefined ? { 'WWW-Authenticate': 'Digest realm="r", nonce="n", qop="auth", algorithm=MD5' } : {};
      void transaction.respond(responseTo(request, answer === undefined ? 401 : 200, undefined, { headers }));
    });
    const keys = { contact_ip: '127.0.0.1', contact_port: '5999', expires: '60' };
    const credentials = { username: 'ann', password: 'secret' };
    const remote = { address: '127.0.0.1', port: transport.udpPort };
    await using sipp = await Sipp.start('register', { remote, user: 'ann', credentials, keys });
    expect(await sipp.finished).toMatchObject(fine);
    await layer.close();
    expect(answers).toEqual([expect.stringMatching(/username="ann".*response="[0-9a-f]{32}"/)]);
  });

  it('end when told to', async () => {
    const uas = await Sipp.start('uas');
    expect(await uas.stop()).toMatchObject({ created: 0 });
    await uas.stop();
  });
});

describe.skipIf(sippPath === undefined)('SIPp and a phone', () => {
  const phone = (options: Partial<PhoneOptions> = {}) => Phone.open({ name: 'agent', voice: agentTone, ...options });
  const uac = (to: Phone, options: SippOptions) =>
    Sipp.start('uac', { remote: { address: '127.0.0.1', port: to.sipPort }, ...options });

  it('re-INVITE a caller several times; its sound comes from a probe', async () => {
    await using agent = await phone();
    await using customer = await phone({ name: 'customer', voice: customerTone });
    await using caller = await uac(agent, { audio: customer.probe, caller: 'ann', holdMs: 400 });
    const call = await agent.incoming();
    expect(call.invite.headers.get('From')).toContain('"ann"');
    await call.acknowledged();
    await customer.probe.hears(agentTone);
    for (let n = 0; n < 3; n++) expect((await call.reinvite()).status).toBe(200);
    expect(await call.ended()).toMatchObject({ by: 'peer' });
    expect(await caller.finished).toMatchObject(fine);
  });

  it('hang up a caller', async () => {
    await using agent = await phone();
    await using caller = await uac(agent, { holdMs: 20_000 });
    const call = await agent.incoming();
    await call.acknowledged();
    expect(await call.hangUp()).toBe(200);
    expect(await caller.finished).toMatchObject(fine);
  });

  it('re-INVITE one that was called, and hang up', async () => {
    await using customer = await phone();
    await using called = await Sipp.start('uas', { audio: customer.probe });
    const call = customer.call(`sip:agent@127.0.0.1:${called.port}`);
    await call.established();
    for (let n = 0; n < 3; n++) expect((await call.reinvite()).status).toBe(200);
    expect(await call.hangUp()).toBe(200);
    expect(await called.finished).toMatchObject(fine);
  });
});
