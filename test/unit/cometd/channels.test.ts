import { describe, expect, it } from 'vitest';
import { covers, subscribable } from '../../../src/cometd/channels.ts';

describe('channels', () => {
  it.each([
    ['/v2/me/devices', '/v2/me/devices', true],
    ['/v2/me/*', '/v2/me/devices', true],
    ['/v2/me/*', '/v2/me/devices/x', false],
    ['/v2/me/*', '/v2/me', false],
    ['/v2/me/**', '/v2/me/devices/x', true],
    ['/v2/**', '/v2/me/devices', true],
    ['/v2/me', '/v2/me/devices', false],
    ['/v2/me/calls', '/v2/me/devices', false],
    ['/v2/m*', '/v2/me', false],
  ])('%s takes in %s: %s', (subscription, channel, expected) => {
    expect(covers(subscription, channel)).toBe(expected);
  });

  it('are only the own ones', () => {
    expect(subscribable('/v2/me/*')).toBe(true);
    expect(subscribable('/v2/users')).toBe(false);
  });
});
