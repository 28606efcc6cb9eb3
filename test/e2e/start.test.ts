import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DrachtioServer } from '../../src/embedded/drachtio/server.ts';
import { Child } from '../support/child.ts';
import { freePort } from '../support/free-port.ts';
import { Phone } from '../support/phone.ts';
import { tone } from '../support/tone.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const secret = 'cymru';

describe('Earpiece is started before its SIP server', () => {
  let folder: string;
  let child: Child;
  let [customer, agent]: [Phone?, Phone?] = [];
  let server: DrachtioServer | undefined;
  let [httpPort, adminPort, sipPort] = [0, 0, 0];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'earpiece-start-'));
    [httpPort, adminPort, sipPort] = [await freePort(), await freePort(), await freePort()];
    agent = await Phone.open({ name: 'agent', voice: tone('agent') });
    customer = await Phone.open({ name: 'customer', voice: tone('customer') });
    const config = join(folder, 'earpiece.yaml');
    await writeFile(
      config,
      [
        `http: { port: ${httpPort} }`,
        `sip: { engine: drachtio, drachtio: { port: ${adminPort}, secret: ${secret} }, switch: { addresses: [127.0.0.1] } }`,
        `devices: [{ id: agent, phoneNumber: "5001", address: "${agent.uri}" }]`,
      ].join('\n'),
    );
    child = new Child(
      process.execPath,
      ['--import', 'tsx', join(root, 'src/main.ts'), 'start', '--config', config],
      root,
      { EARPIECE_STORE_PATH: join(folder, 'store') },
    );
  });
  afterEach(async () => {
    await child.end();
    await Promise.all([customer?.close(), agent?.close()]);
    await server?.close();
    await rm(folder, { recursive: true });
  });

  async function health(): Promise<{ code: number; sip?: unknown }> {
    try {
      const answer = await fetch(`http://127.0.0.1:${httpPort}/health`);
      return { code: answer.status, sip: ((await answer.json()) as { sip: unknown }).sip };
    } catch {
      // It does not listen yet.
      return { code: 0 };
    }
  }

  const becomes = (expected: object) => expect.poll(health, { timeout: 30_000 }).toMatchObject(expected);

  /** Warnings and worse. */
  const complaints = () =>
    child.output
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as { level: number | string; msg: string; reason?: string })
      .filter(({ level }) => !['debug', 'info', 20, 30].includes(level));

  async function aCallWorks(): Promise<void> {
    const call = customer?.call(`sip:5001@127.0.0.1:${sipPort}`);
    await call?.established();
    await agent?.probe.hears(tone('customer'));
    await call?.hangUp();
  }

  it('that is not there: it waits, and says so once and to whoever asks for its health; a call works as soon as it is', async () => {
    const reason = `connect ECONNREFUSED 127.0.0.1:${adminPort}`;
    await becomes({ code: 503, sip: { state: 'connecting', reason } });
    server = await DrachtioServer.listen({ secret, adminPort, sipPort });
    await becomes({ code: 200, sip: { state: 'up' } });
    await aCallWorks();
    expect(complaints()).toMatchObject([{ reason, msg: 'drachtio cannot be reached, trying again' }]);
  });

  it('that knows another secret: it waits, and says so once and to whoever asks for its health', async () => {
    const other = await DrachtioServer.listen({ secret: 'another', adminPort, sipPort });
    const reason = 'drachtio refuses our secret';
    await becomes({ code: 503, sip: { state: 'refused', reason } });
    await other.close();
    server = await DrachtioServer.listen({ secret, adminPort, sipPort });
    await becomes({ code: 200, sip: { state: 'up' } });
    await aCallWorks();
    expect(complaints().filter(({ msg }) => msg === reason)).toHaveLength(1);
  });
});
