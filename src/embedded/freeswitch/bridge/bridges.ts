import type { MediaEngine, Mix } from '../../rtp/engine.ts';
import { type Application, aborted } from '../channel/application.ts';
import type { Channel } from '../channel/channel.ts';
import type { ChannelHandle } from '../channel/handle.ts';

/** Two channels that hear each other. */
interface Bridge {
  readonly mix: Promise<Mix>;
  /** Aborted when one of the two has gone. */
  readonly over: AbortController;
  readonly originator: string;
  members: number;
}

/** All bridges, by the UUIDs of their channels. */
export class Bridges {
  readonly #engine: MediaEngine;
  readonly #byChannel = new Map<string, Bridge>();
  #count = 0;

  constructor(engine: MediaEngine) {
    this.#engine = engine;
  }

  /**
   * `uuid_bridge`: both leave what they do for each other; afterwards each is parked where park_after_bridge says so (as
   * drachtio's dialplan does), or hung up. Resolves when both are on their way.
   */
  async bridge(a: Channel, b: Channel): Promise<void> {
    const bridge: Bridge = {
      mix: this.#engine.createMix(`bridge-${++this.#count}`),
      over: new AbortController(),
      originator: a.uuid,
      members: 0,
    };
    // Whoever is bridged already leaves that bridge first, so that its end does not reach the new one.
    await Promise.all([this.#order(a, b, bridge), this.#order(b, a, bridge)]);
  }

  /** The application by which a channel is in its bridge. */
  readonly application: Application = {
    kind: 'resident',
    run: async ({ channel, argument: other, signal }) => {
      const bridge = this.#byChannel.get(channel.uuid);
      if (bridge === undefined) return undefined;
      this.#byChannel.delete(channel.uuid);
      await attend(bridge, channel, other, signal);
      return undefined;
    },
  };

  async #order(channel: Channel, other: Channel, bridge: Bridge): Promise<void> {
    const after = channel.variable('park_after_bridge') === 'true' ? [{ application: 'park', argument: '' }] : [];
    this.#byChannel.set(channel.uuid, bridge);
    await channel.transfer([{ application: 'uuid_bridge', argument: other.uuid }, ...after], 'quietly');
  }
}

async function attend(bridge: Bridge, channel: ChannelHandle, other: string, signal: AbortSignal): Promise<void> {
  const originates = channel.uuid === bridge.originator;
  const parties: [string, string][] = [
    ['Bridge-A-Unique-ID', originates ? channel.uuid : other],
    ['Bridge-B-Unique-ID', originates ? other : channel.uuid],
  ];
  const mix = await bridge.mix;
  bridge.members++;
  channel.variables.set('signal_bond', other).set('bridge_uuid', other);
  try {
    await channel.gate.join(mix, { mute: false, deaf: false });
    if (originates) channel.publish('CHANNEL_BRIDGE', parties);
    await Promise.race([aborted(signal), aborted(bridge.over.signal)]);
  } finally {
    bridge.over.abort();
    await channel.gate.leave().catch(() => undefined); // an engine that is gone has taken its mixes along
    channel.variables.delete('signal_bond');
    if (originates) channel.publish('CHANNEL_UNBRIDGE', parties);
    if (--bridge.members === 0) await mix.close().catch(() => undefined);
  }
}
