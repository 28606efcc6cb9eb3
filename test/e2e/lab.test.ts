import { describe, expect, it } from 'vitest';
import { baresipPath } from '../support/baresip.ts';
import { kamailioPath } from '../support/kamailio.ts';
import { LabProgram } from '../support/lab-program.ts';
import { nothingIsLeft } from '../support/leftovers.ts';
import { Oracle } from '../support/oracle.ts';
import { RtpProbe } from '../support/probe.ts';
import { sippPath } from '../support/sipp.ts';
import { SwitchLab } from '../support/switch-lab.ts';
import { tone } from '../support/tone.ts';

/** What docker-compose.yml starts, without containers: a Kamailio, an Earpiece, and the scripts of test/lab. */
describe.skipIf(kamailioPath === undefined)('the laboratory of docker-compose.yml', () => {
  it.skipIf(baresipPath === undefined)('three softphones: the customer calls, and one request coaches', async () => {
    await using beside = await SwitchLab.start();
    const { lab } = beside;
    const at = `${beside.switch.address}:${beside.switch.port}`;
    await using agent = await LabProgram.start('agent', at);
    await using supervisor = await LabProgram.start('supervisor', at);
    await Promise.all([agent.healthy(), supervisor.healthy()]);
    await using customer = await LabProgram.start('customer', at);
    await lab.event('call.established');
    await lab.coach();
    await lab.event('supervision.active');
    // Nothing tells from outside what a baresip hears: let it hear as much as fits into a hundred packets.
    await using metronome = await RtpProbe.open({ name: 'metronome', voice: tone('secondAgent') });
    metronome.sendTo({ address: metronome.address, port: metronome.port });
    await metronome.receives(100);
    await customer.end();
    await lab.event('supervision.ended');
    await nothingIsLeft(lab);
    await Promise.all([agent.end(), supervisor.end()]);

    const ears = [await customer.heard('customer'), await agent.heard('agent'), await supervisor.heard('supervisor')];
    const oracle = new Oracle(
      ears,
      (['customer', 'agent', 'supervisor'] as const).map((name) => ({ name, voice: tone(name), sent: [] })),
    );
    expect(oracle.table(), oracle.report()).toEqual({
      customer: { customer: false, agent: true, supervisor: false },
      agent: { customer: true, agent: false, supervisor: true },
      supervisor: { customer: true, agent: true, supervisor: false },
    });
  });

  it.skipIf(sippPath === undefined)('load: every call comes through Earpiece and is answered', async () => {
    await using beside = await SwitchLab.start();
    const at = `${beside.switch.address}:${beside.switch.port}`;
    await using load = await LabProgram.start('sipp', at, { CALLS: '20', RATE: '20' });
    expect(await load.finished, load.output).toBe(0);
    expect(beside.lab.count('call.established')).toBe(20);
    await nothingIsLeft(beside.lab);
  });
});
