/** What a client may subscribe to: its own user's channels, one by one or all. */
const SUBSCRIBABLE = new Set(['/v2/me', '/v2/me/devices', '/v2/me/calls', '/v2/me/*', '/v2/me/**', '/v2/**', '/**']);

export const subscribable = (channel: string): boolean => SUBSCRIBABLE.has(channel);

/** Whether a subscription (Bayeux 1.0, 2.2.1: `*` one segment, `**` any number) takes in a channel. */
export function covers(subscription: string, channel: string): boolean {
  if (subscription === channel) return true;
  if (subscription.endsWith('/**')) return channel.startsWith(subscription.slice(0, -2));
  if (!subscription.endsWith('/*')) return false;
  const parent = subscription.slice(0, -1);
  return channel.startsWith(parent) && !channel.slice(parent.length).includes('/');
}
