import { describe, expect, test } from 'vitest';
import { words } from '../../../src/embedded/freeswitch/words.ts';
import { splitAssignments } from '../../../src/embedded/freeswitch/applications/variables.ts';
import { hangupCause, reasonHeader } from '../../../src/embedded/freeswitch/channel/hangup-cause.ts';
import { inlineDialplan } from '../../../src/embedded/freeswitch/dialplan.ts';

describe('inline dialplans', () => {
  test.each([
    ['park', [['park', '']]],
    ['socket:127.0.0.1:8085 async full', [['socket', '127.0.0.1:8085 async full']]],
    [
      'set:a=b,conference:c@lab',
      [
        ['set', 'a=b'],
        ['conference', 'c@lab'],
      ],
    ],
    [
      'conference:c++flags{mute,deaf},park',
      [
        ['conference', 'c++flags{mute,deaf}'],
        ['park', ''],
      ],
    ],
    ["playback:'tone_stream://%(100,0,500)'", [['playback', 'tone_stream://%(100,0,500)']]],
  ])('%s', (text, steps) => {
    expect(inlineDialplan(text).map(({ application, argument }) => [application, argument])).toEqual(steps);
  });
});

test('words keep together what stands in quotes', () => {
  expect(words("uuid 'socket:h:1 async' inline")).toEqual(['uuid', 'socket:h:1 async', 'inline']);
});

test.each([
  ['a=1 b=2', ['a=1', 'b=2']],
  ['^^^a1=x^a2=y', ['a1=x', 'a2=y']],
  ['^^|a=b c|d=e', ['a=b c', 'd=e']],
])('multiset %s', (argument, parts) => {
  expect(splitAssignments(argument)).toEqual(parts);
});

describe('hangup causes', () => {
  test.each([
    ['USER_BUSY', 'USER_BUSY'],
    ['user_busy', 'USER_BUSY'],
    ['17', 'USER_BUSY'],
    ['', 'NORMAL_CLEARING'],
    ['NONSENSE', 'NORMAL_CLEARING'],
    ['constructor', 'NORMAL_CLEARING'],
    [undefined, 'NORMAL_CLEARING'],
  ])('%s means %s', (text, cause) => {
    expect(hangupCause(text)).toBe(cause);
  });

  test('go out as Q.850 where that knows them', () => {
    expect(reasonHeader('NORMAL_CLEARING')).toBe('Q.850;cause=16;text="NORMAL_CLEARING"');
    expect(reasonHeader('MANAGER_REQUEST')).toBe('FreeSWITCH;cause=503;text="MANAGER_REQUEST"');
  });
});
