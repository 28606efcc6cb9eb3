import { chmod, cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createLogger } from '../../../src/log.ts';
import { openFileStore } from '../../../src/store/file-store.ts';
import { filePlace } from './kinds.ts';
import { armedStep } from './steps.ts';

const log = createLogger('silent');

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
