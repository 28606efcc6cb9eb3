import type { Effort, Row } from './measurement.ts';
import { markedVoice } from './marked-voice.ts';
import { Stage } from './stage.ts';
import { median, quantiles } from './statistics.ts';

const TARGET_MS = 60;
/** Frames between two visits. */
const BETWEEN = 15;

/** What a supervisor's coming takes where every call is anchored from its beginning (media.policy: always): nobody is moved. */
export async function measureAlwaysAnchored({ quick, progress }: Effort): Promise<readonly Row[]> {
  const voices = {
    customer: markedVoice('customer', 0),
    agent: markedVoice('agent', 1),
    supervisor: markedVoice('supervisor', 2),
  };
  await using stage = await Stage.open(1, voices, { policy: 'always' });
  const [trio] = stage.trios;
  if (trio === undefined) throw new Error('nobody is on the stage');
  const { agent, supervisor } = trio;
  const wanted = quick ? 6 : 40;
  progress(`${wanted} times a supervisor comes into a call that is anchored already`);
  const call = await stage.call(trio);
  const times: number[] = [];
  for (let n = 0; n < wanted; n++) {
    const heard = agent.probe.hears(supervisor.voice);
    await stage.coach(trio);
    const accepted = performance.now();
    times.push((await heard).at - accepted);
    await stage.cancel(trio);
    await agent.probe.hearsNo(supervisor.voice);
    await agent.probe.receives(BETWEEN);
  }
  await call.hangUp();
  return [
    {
      what: 'Coach accepted → first whispered frame, call anchored already, median / p95',
      measured: quantiles(times, [0.5, 0.95], 'ms', 0),
      target: `≤ ${TARGET_MS} ms`,
      peers: 'eavesdrop 69 / 80, ChanSpy 122 / 136',
      ok: median(times) <= TARGET_MS,
      note: `${wanted} times, media.policy: always`,
    },
  ];
}
