/** Its own process: the compiled media engine as the product runs it, with coached calls and nothing else. */
import type { MediaEngine } from '../../src/embedded/rtp/engine.ts';
import type { EngineStats, MediaStream } from '../../src/embedded/rtp/media.ts';

export type MixerQuestion =
  /** Three streams for every call, stream n sending to `remotes[n modulo their number]`. */
  { readonly type: 'open'; readonly calls: number; readonly remotes: readonly number[] } | { readonly type: 'stats' };

export interface MixerPorts {
  readonly ports: readonly number[];
}
export type MixerStats = EngineStats;

const compiled = new URL('../../dist/embedded/rtp/engine.js', import.meta.url).href;
const { MediaEngine: Engine } = (await import(compiled)) as { MediaEngine: typeof MediaEngine };
const engine = await Engine.start({ host: '127.0.0.1' });

async function open(calls: number, remotes: readonly number[]): Promise<MixerPorts> {
  const ports: number[] = [];
  const stream = async (): Promise<MediaStream> => {
    const opened = await engine.createStream();
    const remote = { address: '127.0.0.1', port: remotes[ports.length % remotes.length] ?? 9 };
    ports.push(opened.port);
    await opened.configure({ remote, codec: { name: 'PCMU', payloadType: 0 }, direction: 'sendrecv' });
    return opened;
  };
  for (let n = 0; n < calls; n++) {
    const mix = await engine.createMix(`call-${n}`);
    const [customer, agent, supervisor] = [await stream(), await stream(), await stream()];
    for (const each of [customer, agent, supervisor]) await each.join(mix, { mute: true, deaf: true });
    await mix.relate(supervisor, customer, false);
    for (const each of [customer, agent, supervisor]) {
      await each.setDeaf(false);
      await each.setMute(false);
    }
  }
  return { ports };
}

process.on('message', (question: MixerQuestion) => {
  const answer = question.type === 'open' ? open(question.calls, question.remotes) : engine.stats();
  void answer.then((given) => process.send?.(given));
});
process.send?.('ready');
