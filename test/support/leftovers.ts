import { setTimeout as after } from 'node:timers/promises';
import type { Lab } from './lab.ts';

/** Looks, and the time between two of them, ms: nobody announces that a server has forgotten the last of a call. */
const [looks, interval] = [1500, 10];

/** Resolves when no call, leg, room, channel or conference is left, and says what is when that does not come true. */
export async function nothingIsLeft(lab: Lab): Promise<void> {
  const { b2bua, media, switchboard } = lab.app;
  await becomes('nothing', async () => {
    const rooms = media.status().reduce((sum, server) => sum + server.rooms, 0);
    const left = { ...b2bua.counts, rooms, live: switchboard.calls().length, channels: await lab.channels() };
    return { left, is: Object.values(left).every((count) => count === 0) };
  });
}

/** Resolves when the media servers have so many channels. */
export async function channelsBecome(lab: Lab, count: number): Promise<void> {
  await becomes(`${count} channels`, async () => {
    const left = await lab.channels();
    return { left, is: left === count };
  });
}

/** Resolves when Earpiece is connected to every media server. */
export async function serversAreUp({ app }: Lab): Promise<void> {
  await becomes('every server up', () => {
    const left = app.media.status();
    return Promise.resolve({ left, is: left.every(({ state }) => state === 'up') });
  });
}

async function becomes(what: string, look: () => Promise<{ left: unknown; is: boolean }>): Promise<void> {
  for (let n = 1; ; n++) {
    const { left, is } = await look();
    if (is) return;
    if (n === looks) throw new Error(`${what} expected, but there is ${JSON.stringify(left)}`);
    await after(interval);
  }
}
