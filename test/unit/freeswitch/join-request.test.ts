import { expect, test } from 'vitest';
import { parseJoinRequest } from '../../../src/embedded/freeswitch/conference/join-request.ts';

test.each([
  ['room', '', { conference: 'room', profile: 'default', pin: '', flags: [] }],
  ['room@lab', '', { conference: 'room', profile: 'lab', pin: '', flags: [] }],
  ['room@lab++flags{mute|deaf}', '', { conference: 'room', profile: 'lab', pin: '', flags: ['mute', 'deaf'] }],
  ['room+1234+flags{endconf}', '', { conference: 'room', profile: 'default', pin: '1234', flags: ['endconf'] }],
  ['room+flags{mute}', '', { conference: 'room', profile: 'default', pin: '', flags: ['mute'] }],
  ['room+1234', '', { conference: 'room', profile: 'default', pin: '1234', flags: [] }],
  ['room++flags{vmute|mute}', '', { conference: 'room', profile: 'default', pin: '', flags: ['mute'] }],
  ['room', 'mute|deaf', { conference: 'room', profile: 'default', pin: '', flags: ['mute', 'deaf'] }],
  ['room++flags{ghost}', 'mute', { conference: 'room', profile: 'default', pin: '', flags: ['mute', 'ghost'] }],
])('%s with conference_member_flags=%s', (argument, variable, expected) => {
  const { flags, ...rest } = parseJoinRequest(argument, variable);
  expect({ ...rest, flags: [...flags] }).toEqual(expected);
});
