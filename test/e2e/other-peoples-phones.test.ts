import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Baresip, baresipPath } from '../support/baresip.ts';
import { Lab, labConfig } from '../support/lab.ts';
import { nothingIsLeft } from '../support/leftovers.ts';
import { Oracle } from '../support/oracle.ts';
import { RtpProbe } from '../support/probe.ts';
import { Sipp, sippPath } from '../support/sipp.ts';
import { tone } from '../support/tone.ts';

let lab: Lab;
afterEach(() => lab.close());

describe.skipIf(baresipPath === undefined)('three real baresip', () => {
  beforeEach(async () => {
    lab = await Lab.start();
  });

  it('call, are coached, and have recorded who spoke to whom', async () => {
    const registrar = { address: lab.sip.address, port: lab.sip.port };
    const common = { registrar, password: 'earpiece', autoAnswer: true };
    await using customer = await Baresip.start({ ...common, name: 'customer', user: '1001', voice: tone('customer') });
    await using agent = await Baresip.start({ ...common, name: 'agent', user: '5001', voice: tone('agent') });
    await using supervisor = await Baresip.start({
      ...common,
      name: 'supervisor',
      user: '5005',
      voice: tone('supervisor'),
    });
    await lab.event('device.changed', { skip: 2 });

    await customer.dial(lab.uriOf('5001'));
    await lab.event('call.established');
    await lab.coach();
    await lab.event('supervision.active');
    // Nothing tells from outside what a baresip hears: let it hear as much as fits into a hundred packets.
    await using metronome = await RtpProbe.open({ name: 'metronome', voice: tone('secondAgent') });
    metronome.sendTo({ address: metronome.address, port: metronome.port });
    await metronome.receives(100);
    await customer.hangUp();
    await lab.event('supervision.ended');
    await nothingIsLeft(lab);

    const phones = [customer, agent, supervisor];
    const ears = await Promise.all(phones.map((phone) => phone.close()));
    const oracle = new Oracle(
      ears,
      phones.map(({ name, voice }) => ({ name, voice, sent: [] })),
    );
    expect(oracle.table(), oracle.report()).toEqual({
      customer: { customer: false, agent: true, supervisor: false },
      agent: { customer: true, agent: false, supervisor: true },
      supervisor: { customer: true, agent: true, supervisor: false },
    });
    oracle.assertHeard('agent', 'supervisor', 25);
  });
});

describe.skipIf(sippPath === undefined)('SIPp', () => {
  it('as customer and agent: the supervisor whispers into a call that two strangers to us hold', async () => {
    await using customerEar = await RtpProbe.open({ name: 'customer', voice: tone('customer') });
    await using agentEar = await RtpProbe.open({ name: 'agent', voice: tone('agent') });
    const audio = (probe: RtpProbe) => ({ address: '127.0.0.1', port: probe.port });
    await using agent = await Sipp.start('uas', { audio: audio(agentEar) });
    lab = await Lab.start({ devices: devicesAt({ '5001': agent.port }) });
    const supervisor = await lab.phone('supervisor', '5005');
    await using customer = await Sipp.start('uac', {
      remote: { address: lab.sip.address, port: lab.sip.port },
      user: '5001',
      audio: audio(customerEar),
      holdMs: 2500,
    });
    await lab.event('call.established');
    await lab.coach();
    await agentEar.hears(supervisor.voice, { frames: 25 });
    const { exitCode, successful, errors } = await customer.finished;
    expect({ exitCode, successful }, errors).toEqual({ exitCode: 0, successful: 1 });
    expect(await agent.finished).toMatchObject({ exitCode: 0, successful: 1 });
    const oracle = new Oracle([customerEar, agentEar], [customerEar, agentEar, supervisor]);
    oracle.assertNeverHeard('customer', 'supervisor');
    await nothingIsLeft(lab);
  });

  it('registers, calls fifty times, and gives up: every call is as its scenario says', async () => {
    await using agent = await Sipp.start('uas', { calls: 50 });
    await using busy = await Sipp.start('uas-busy', { calls: 1 });
    lab = await Lab.start({ devices: devicesAt({ '5001': agent.port, '5002': busy.port }) });
    const remote = { address: lab.sip.address, port: lab.sip.port };
    const credentials = { username: '5005', password: 'earpiece' };
    const keys = { contact_ip: '127.0.0.1', contact_port: '9', expires: '300' };
    const register = await Sipp.start('register', { remote, user: '5005', credentials, keys });
    expect(await register.finished).toMatchObject({ exitCode: 0 });
    const calls = await Sipp.start('uac', { remote, user: '5001', calls: 50, rate: 25, holdMs: 200 });
    expect(await calls.finished).toMatchObject({ exitCode: 0, successful: 50, failed: 0 });
    expect(await agent.finished).toMatchObject({ successful: 50, failed: 0 });
    const refused = await Sipp.start('uac', { remote, user: '5002' });
    expect((await refused.finished).errors).toContain('486');
    await nothingIsLeft(lab);
  });
});

/** The devices of the laboratory, some of which do not register but are at a port of this machine. */
function devicesAt(ports: Readonly<Record<string, number>>) {
  return labConfig().devices.map((device) => {
    const { sip, ...rest } = device;
    const port = ports[device.phoneNumber];
    return port === undefined ? { ...rest, sip } : { ...rest, address: `sip:127.0.0.1:${port}` };
  });
}
