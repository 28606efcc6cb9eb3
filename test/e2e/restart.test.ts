import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Child } from '../support/child.ts';
import { AGENT, Lab, labConfig, SUPERVISOR } from '../support/lab.ts';
import { Oracle } from '../support/oracle.ts';
import { Phone } from '../support/phone.ts';
import { tone, type ToneName } from '../support/tone.ts';

describe('Earpiece ended and started again, with the file store', () => {
  let folder: string;
  const start = () => Lab.start({ store: { ...labConfig().store, kind: 'file', path: join(folder, 'data') } });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'earpiece-restart-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** A phone that registers once, and does not know of any restart. */
  async function registered(name: ToneName, number: string, lab: Lab): Promise<Phone> {
    const credentials = { username: number, password: 'earpiece' };
    const phone = await Phone.open({ name, voice: tone(name), proxy: lab.sip, user: number, credentials });
    expect(await phone.register(lab.sip)).toBe(200);
    return phone;
  }

  it('knows its phones and its subscriptions: the next call is coached as if nothing had been', async () => {
    const before = await start();
    await using agent = await registered('agent', '5001', before);
    await using supervisor = await registered('supervisor', '5005', before);
    await before.coach({ supervisorMonitoringMode: 'NextCall', supervisorMonitoringScope: 'Agent' });
    await before.close();

    await using after = await start();
    const { device } = (await after.api().ask('GET', `/api/v2/devices/${SUPERVISOR}`)).body;
    expect(device).toMatchObject({
      deviceState: 'Active',
      supervisorMonitoringState: { state: 'Coach', mode: 'NextCall', scope: 'Agent' },
    });
    const customer = await after.phone('customer');
    const all = [customer, agent, supervisor];
    const oracle = new Oracle(all, all);
    const call = await after.call({ customer, agent });
    await agent.probe.hears([supervisor.voice, customer.voice]);
    await customer.probe.hears(agent.voice, { frames: 25 });
    await call.hangUp();
    await after.event('supervision.ended');
    oracle.assertNeverHeard('customer', 'supervisor');
  });

  it('has forgotten what was taken away: a cancelled subscription, a phone that signed off', async () => {
    const before = await start();
    await using agent = await registered('agent', '5001', before);
    await before.coach();
    await before.cancel();
    expect(await agent.unregister(before.sip)).toBe(200);
    await before.close();
    await using after = await start();
    expect(after.app.switchboard.device(SUPERVISOR).monitoring).toBeUndefined();
    expect(after.app.switchboard.device(AGENT).active).toBe(false);
  });

  it('arms the subscription again whose supervisor was in a call when it ended', async () => {
    const before = await start();
    const trio = await before.trio();
    await before.call(trio);
    await before.coach();
    await trio.agent.probe.hears(trio.supervisor.voice);
    await before.close();
    await using after = await start();
    expect(after.app.switchboard.device(SUPERVISOR).monitoring).toMatchObject({ targetDeviceId: AGENT });
    const again = await after.trio();
    await after.call(again);
    await again.agent.probe.hears(again.supervisor.voice);
    again.oracle.assertNeverHeard('customer', 'supervisor');
  });
});

describe('a store that cannot be had', () => {
  const root = fileURLToPath(new URL('../../', import.meta.url));

  it('ends the process with one line that names the key', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'earpiece-restart-'));
    const path = join(folder, 'file');
    await writeFile(path, 'not a folder');
    const words = ['--import', 'tsx', join(root, 'src/main.ts'), 'start', '--config', join(root, 'src/lab.yaml')];
    const child = new Child(process.execPath, words, root, { EARPIECE_STORE_PATH: path, EARPIECE_HTTP_PORT: '0' });
    expect(await child.exited).toBe(1);
    const complaints = child.output.split('\n').filter((line) => line !== '' && !line.startsWith('{'));
    expect(complaints).toEqual([expect.stringMatching(/^store\.path: expected a folder that can be written, found /)]);
    await rm(folder, { recursive: true });
  });
});
