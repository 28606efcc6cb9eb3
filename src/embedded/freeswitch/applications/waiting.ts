import { setTimeout as delay } from 'node:timers/promises';
import { type Application, aborted } from '../channel/application.ts';

/** `sleep <ms>` */
export const sleep: Application = {
  kind: 'occupying',
  async run({ argument, signal }) {
    const stop = new AbortController();
    const ms = Number.parseInt(argument, 10) || 0;
    await Promise.race([delay(ms, undefined, { signal: stop.signal }), aborted(signal)]).finally(() => stop.abort());
    return undefined;
  },
};

/** `park`: the channel waits for orders until it is transferred or hung up. */
export const park: Application = {
  kind: 'resident',
  async run({ channel, signal }) {
    channel.publish('CHANNEL_PARK');
    await aborted(signal);
    channel.publish('CHANNEL_UNPARK');
    return undefined;
  },
};
