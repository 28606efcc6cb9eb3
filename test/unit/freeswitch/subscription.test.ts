import { describe, expect, test } from 'vitest';
import { SwitchEvent } from '../../../src/embedded/freeswitch/event.ts';
import { Subscription } from '../../../src/embedded/freeswitch/eventsocket/subscription.ts';

const words = (text: string): string[] => text.split(' ');
const about = (name: string, uuid: string): SwitchEvent => new SwitchEvent(name).set('Unique-ID', uuid);
const custom = (subclass: string): SwitchEvent => new SwitchEvent('CUSTOM', subclass);

describe('a subscription', () => {
  test('wants nothing at first', () => {
    expect(new Subscription().wants(new SwitchEvent('HEARTBEAT'))).toBe(false);
  });

  test('wants what it named, with or without SWITCH_EVENT_, in any case', () => {
    const subscription = new Subscription();
    subscription.add('json', words('SWITCH_EVENT_PLAYBACK_START dtmf'));
    expect(subscription.wants(new SwitchEvent('PLAYBACK_START'))).toBe(true);
    expect(subscription.wants(new SwitchEvent('DTMF'))).toBe(true);
    expect(subscription.wants(new SwitchEvent('PLAYBACK_STOP'))).toBe(false);
  });

  test('takes everything after CUSTOM for subclasses', () => {
    const subscription = new Subscription();
    subscription.add('json', words('DTMF CUSTOM conference::maintenance BACKGROUND_JOB'));
    expect(subscription.wants(custom('conference::maintenance'))).toBe(true);
    expect(subscription.wants(custom('other'))).toBe(false);
    expect(subscription.wants(new SwitchEvent('BACKGROUND_JOB'))).toBe(false);
  });

  test('needs a name', () => {
    expect(new Subscription().add('json', [])).toBe(false);
    expect(new Subscription().remove([])).toBe(false);
  });

  test('adds up, and takes back', () => {
    const subscription = new Subscription();
    subscription.add('json', ['A']);
    subscription.add('plain', words('B CUSTOM x'));
    expect(subscription.format).toBe('plain');
    subscription.remove(['A']);
    expect(subscription.wants(new SwitchEvent('A'))).toBe(false);
    expect(subscription.wants(new SwitchEvent('B'))).toBe(true);
    subscription.remove(words('CUSTOM x'));
    expect(subscription.wants(custom('x'))).toBe(false);
    subscription.add('plain', ['ALL']);
    expect(subscription.wants(new SwitchEvent('WHATEVER'))).toBe(true);
    subscription.remove(['ALL']);
    expect(subscription.wants(new SwitchEvent('B'))).toBe(false);
  });
});

describe('filters', () => {
  const filtered = (...filters: [string, string][]): Subscription => {
    const subscription = new Subscription();
    subscription.add('json', ['ALL']);
    for (const [header, value] of filters) subscription.addFilter(header, value);
    return subscription;
  };

  test('let through what one of them fits, and nothing without that header', () => {
    const subscription = filtered(['Unique-ID', 'a'], ['unique-id', 'B']);
    expect(subscription.wants(about('X', 'a'))).toBe(true);
    expect(subscription.wants(about('X', 'b'))).toBe(true);
    expect(subscription.wants(about('X', 'c'))).toBe(false);
    expect(subscription.wants(new SwitchEvent('X'))).toBe(false);
  });

  test('with a minus keep out', () => {
    const subscription = filtered(['Event-Name', '/^CHANNEL/'], ['Unique-ID', '-a']);
    expect(subscription.wants(about('CHANNEL_X', 'b'))).toBe(true);
    expect(subscription.wants(about('CHANNEL_X', 'a'))).toBe(false);
  });

  test('that are no regular expression fit nothing', () => {
    expect(filtered(['Event-Name', '/(/']).wants(new SwitchEvent('X'))).toBe(false);
  });

  test('can be deleted one by one, by header, or all', () => {
    const subscription = filtered(['Unique-ID', 'a'], ['Unique-ID', 'b'], ['Colour', 'red']);
    subscription.removeFilter('Unique-ID', 'a');
    expect(subscription.wants(about('X', 'a'))).toBe(false);
    expect(subscription.wants(about('X', 'b'))).toBe(true);
    subscription.removeFilter('Unique-ID');
    expect(subscription.wants(about('X', 'b'))).toBe(false);
    subscription.removeFilter('all');
    expect(subscription.wants(about('X', 'b'))).toBe(true);
  });
});

test('myevents wants everything about one channel and nothing else', () => {
  const subscription = new Subscription();
  subscription.addChannel('a');
  expect(subscription.wants(about('DTMF', 'a'))).toBe(true);
  expect(subscription.wants(about('DTMF', 'b'))).toBe(false);
  expect(subscription.wants(about('PLAYBACK_START', 'a'))).toBe(false);
  expect(subscription.wants(new SwitchEvent('HEARTBEAT'))).toBe(false);
});
