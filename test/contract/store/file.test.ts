import { spawnSync } from 'node:child_process';
import { chmod, cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { fileURLToPath } from 'node:url';
import { createLogger } from '../../../src/log.ts';
import { openFileStore } from '../../../src/store/file-store.ts';
import { Child } from '../../support/child.ts';
import { filePlace } from './kinds.ts';
import { Listener } from './listener.ts';
import { armed, armedStep, busyStep } from './steps.ts';

const log = createLogger('silent');
const [caller, callee] = [
  { legId: '1', deviceId: undefined, phoneNumber: '4711', displayName: undefined },
  { legId: '2', deviceId: 'a', phoneNumber: '5001', displayName: undefined },
] as const;
const call = { id: 'call', caller, callee, type: 'Inbound', dnis: '5001' } as const;

it('is for one process at a time, and says so', async () => {
  await using place = await filePlace();
  await place.open();
  await expect(place.open()).rejects.toThrow(/^store\.path: .*store is in use by another process$/);
});

it('says what is wrong with a path that is a file', async () => {
  await using place = await filePlace();
  const path = join(place.folder, 'file');
  await writeFile(path, '');
  await expect(openFileStore(path, log)).rejects.toThrow(
    /^store\.path: expected a folder that can be written, found .*file/,
  );
});

it.skipIf(process.getuid?.() === 0)('says what is wrong with a path that cannot be written', async () => {
  await using place = await filePlace();
  const path = join(place.folder, 'locked');
  await mkdir(path);
  await chmod(path, 0o500);
  await expect(openFileStore(path, log)).rejects.toThrow(/^store\.path: expected a folder that can be written/);
});

it('says that it is damaged', async () => {
  await using place = await filePlace();
  const store = await place.open();
  await store.close();
  await writeFile(join(place.folder, 'store', 'CURRENT'), 'nonsense');
  await expect(place.open()).rejects.toThrow(/^store\.path: .* is damaged/);
});

it('a subscription is stored when it is accepted: it outlives a process that ends without a word', async () => {
  await using place = await filePlace();
  const store = await place.open();
  await store.monitorings.take(armedStep('s', 'a'), { from: 0, exclusive: true });
  // Whatever a process has not handed over is lost with it; what it has, others can read.
  await cp(join(place.folder, 'store'), join(place.folder, 'copy'), { recursive: true });
  const copy = await openFileStore(join(place.folder, 'copy'), log);
  const found: string[] = [];
  copy.monitorings.follow(({ supervisorDeviceId }) => found.push(supervisorDeviceId));
  await copy.close();
  expect(found).toEqual(['s']);
});

it('speaks of those that are gone until they are settled, also when a process in between did not come so far', async () => {
  await using place = await filePlace();
  const coached = await place.open();
  await coached.monitorings.take(busyStep('s', 'a', coached.siblings.self), { from: 0, exclusive: true });
  await coached.close();
  const called = await place.open();
  called.calls.put('call', { call, instanceId: called.siblings.self, since: 0 });
  await called.close();
  // It fails before anybody follows.
  await (await place.open()).close();
  const idle = await place.open();
  const listener = new Listener(idle);
  expect(listener.lost.toSorted()).toEqual([coached.siblings.self, called.siblings.self].toSorted());
  const [step] = listener.steps;
  await idle.monitorings.take(armedStep('s', 'a'), { from: step?.version ?? 0, exclusive: false });
  await idle.close();
  const sweeping = await place.open();
  expect(new Listener(sweeping).lost).toEqual([called.siblings.self]);
  sweeping.siblings.cleared?.(called.siblings.self);
  await sweeping.close();
  expect(new Listener(await place.open()).lost).toEqual([]);
});

const canLimitFiles = spawnSync('prlimit', ['--version']).status === 0;

it.skipIf(!canLimitFiles)(
  'keeps what it accepts after the disk was full, and says when it can be written again',
  async () => {
    await using place = await filePlace();
    const program = fileURLToPath(new URL('full-disk.ts', import.meta.url));
    const words = ['--import', 'tsx', program, join(place.folder, 'store')];
    const child = new Child(process.execPath, words, process.cwd());
    expect(await child.exited).toBe('SIGKILL');
    const refusal = expect.stringContaining('the store cannot be written: ') as string;
    expect(JSON.parse(child.output)).toEqual([refusal, refusal, 'up', 'taken', 'taken', 'taken']);
    const { store, steps, abandoned } = new Listener(await place.open());
    expect(store.status().is).toBe('up');
    expect(new Map(steps.map(({ supervisorDeviceId, state }) => [supervisorDeviceId, state]))).toEqual(
      new Map([
        ['later', armed('later', 'c')],
        ['leaving', armed('leaving', 'b')],
      ]),
    );
    expect([...abandoned.keys()].toSorted()).toEqual(['later', 'meanwhile']);
  },
);
