import type { Lab } from './lab.ts';

/** Resolves when no call, leg, room, channel or conference is left, and says what is when that does not come true. */
export async function nothingIsLeft(lab: Lab): Promise<void> {
  const { b2bua, media, switchboard } = lab.app;
  let left: unknown;
  // Nobody announces the end of the last timer of a dialog; a bounded number of looks, each after the event loop went round.
  for (let look = 0; look < 500; look++) {
    const { ringing, calls, legs, supervisors } = b2bua.counts;
    const rooms = media.status().reduce((sum, server) => sum + server.rooms, 0);
    const counts = {
      ringing,
      calls,
      legs,
      supervisors,
      rooms,
      live: switchboard.calls().length,
      channels: await lab.channels(),
    };
    left = counts;
    if (Object.values(counts).every((count) => count === 0)) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`left over: ${JSON.stringify(left)}`);
}
