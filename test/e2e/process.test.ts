import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Child } from '../support/child.ts';
import { Phone } from '../support/phone.ts';
import { tone } from '../support/tone.ts';
import { Watch } from '../support/watch.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Earpiece as a process of its own, from its sources. */
class EarpieceProcess {
  readonly child: Child;
  readonly #watch = new Watch();

  constructor(config: string, folder: string) {
    // One process: the tsx command has a child, and passes on to it a signal that the child has had already.
    const words = ['--import', import.meta.resolve('tsx'), join(root, 'src/main.ts'), 'start', '--config', config];
    this.child = new Child(process.execPath, words, folder);
    this.child.process.stdout?.on('data', () => this.#watch.touch());
  }

  /** The first line of its log with that message. */
  says(message: string): Promise<Record<string, unknown>> {
    const lines = () =>
      this.child.output
        .split('\n')
        .filter((line) => line.startsWith('{') && line.endsWith('}'))
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    const found = () => lines().find((line) => line['msg'] === message);
    return this.#watch.until(`the log to say ${message}`, found, () => this.child.output, { within: 30_000 });
  }

  signal(signal: NodeJS.Signals): void {
    this.child.process.kill(signal);
  }
}

describe('the process', () => {
  let folder: string;
  let earpiece: EarpieceProcess;
  let [customer, agent]: [Phone?, Phone?] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'earpiece-process-'));
    agent = await Phone.open({ name: 'agent', voice: tone('agent') });
    customer = await Phone.open({ name: 'customer', voice: tone('customer') });
    const config = join(folder, 'earpiece.yaml');
    await writeFile(
      config,
      [
        'http: { port: 0 }',
        'sip: { port: 0, switch: { addresses: [127.0.0.1] } }',
        `devices: [{ id: agent, phoneNumber: "5001", address: "${agent.uri}" }]`,
      ].join('\n'),
    );
    earpiece = new EarpieceProcess(config, folder);
  });
  afterEach(async () => {
    await earpiece.child.end();
    await Promise.all([customer?.close(), agent?.close()]);
    await rm(folder, { recursive: true });
  });

  it('asked to end, takes no new calls, lets the present one end, and is gone', async () => {
    const { sip } = await earpiece.says('earpiece is ready');
    const uri = `sip:5001@${String(sip)}`;
    const call = customer?.call(uri);
    await call?.established();
    await agent?.probe.hears(tone('customer'));
    earpiece.signal('SIGTERM');
    await earpiece.says('draining');
    expect((await customer?.call(uri).final())?.status).toBe(503);
    await customer?.probe.hears(tone('agent'), { frames: 10 });
    expect(call?.state).toBe('established');
    await call?.hangUp();
    expect(await earpiece.says('ended')).toMatchObject({ code: 0 });
    await earpiece.child.exited;
  });

  it('asked twice, does not wait, not even for a client that holds a connection and says nothing', async () => {
    const { sip, http } = await earpiece.says('earpiece is ready');
    const silent = connect(Number(new URL(String(http)).port), '127.0.0.1');
    await once(silent, 'connect');
    silent.on('error', () => silent.destroy());
    const call = customer?.call(`sip:5001@${String(sip)}`);
    await call?.established();
    earpiece.signal('SIGTERM');
    await earpiece.says('draining');
    earpiece.signal('SIGTERM');
    expect(await call?.ended()).toMatchObject({ kind: 'hung-up', by: 'peer' });
    expect(await earpiece.says('ended')).toMatchObject({ code: 0 });
    await earpiece.child.exited;
  });
});
