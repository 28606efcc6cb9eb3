import { describe, expect, it } from 'vitest';
import { commandsFor, entryDeafAndMute } from '../../../src/media/conference-command.ts';
import { takeStep } from '../../../src/media/conference.ts';

const always = () => true;
const isolationLost = { name: 'EarpieceError', code: 'isolation-lost' };

/** FreeSWITCH, with these answers one after the other; the last one for ever. */
function answering(...replies: string[]) {
  const asked: string[] = [];
  const api = (command: string) => {
    asked.push(command);
    return Promise.resolve(replies[Math.min(asked.length, replies.length) - 1] ?? '');
  };
  return { api, asked };
}

describe('the commands of a step, and the answers of FreeSWITCH 1.10.12 to them', () => {
  it.each([
    [{ type: 'mute', member: 3 }, ['conference c1 mute 3'], ['+OK mute 3\n']],
    [{ type: 'unmute', member: 3 }, ['conference c1 unmute 3'], ['+OK unmute 3\n']],
    [{ type: 'deafen', member: 3 }, ['conference c1 deaf 3'], ['+OK deaf 3\n']],
    [{ type: 'undeafen', member: 3 }, ['conference c1 undeaf 3'], ['+OK undeaf 3\n']],
    [
      { type: 'separate', speaker: 3, listener: 1 },
      ['conference c1 relate 3 1 nospeak', 'conference c1 relate 3'],
      ['+OK 3->1 nospeak set\n', '3 -> 2 NOSPEAK HEAR NOSENDVIDEO \n3 -> 1 NOSPEAK HEAR NOSENDVIDEO \n'],
    ],
    [
      { type: 'reunite', speaker: 3, listener: 1 },
      ['conference c1 relate 3 1 clear'],
      ['+OK relationship 3->1 cleared.\n'],
    ],
  ] as const)('%j', async (step, commands, replies) => {
    expect(commandsFor('c1', step).map(({ command }) => command)).toEqual(commands);
    await takeStep(answering(...replies).api, 'c1', step, always);
  });

  it.each([
    ['another member', '+OK mute 33\n'],
    ['another command', '+OK unmute 3\n'],
    ['nothing', ''],
    ['no conference', 'Conference c1 not found\n'],
  ])('an answer about %s is none', async (_, reply) => {
    const freeswitch = answering(reply);
    await expect(takeStep(freeswitch.api, 'c1', { type: 'mute', member: 3 }, always)).rejects.toMatchObject(
      isolationLost,
    );
    expect(freeswitch.asked).toHaveLength(1);
  });

  it.each([
    ['is missing', '+OK No relationships\n'],
    ['is of another pair', '3 -> 11 NOSPEAK HEAR NOSENDVIDEO \n'],
    ['is of the pair turned round', '1 -> 3 NOSPEAK HEAR NOSENDVIDEO \n'],
    ['lets the speaker be heard', '3 -> 1 SPEAK NOHEAR NOSENDVIDEO \n'],
  ])('a relation that is confirmed and then %s is no relation', async (_, list) => {
    const step = { type: 'separate', speaker: 3, listener: 1 } as const;
    const { api } = answering('+OK 3->1 nospeak set\n', list);
    await expect(takeStep(api, 'c1', step, always)).rejects.toMatchObject(isolationLost);
  });
});

describe('a step', () => {
  const mute = { type: 'mute', member: 3 } as const;
  const busy = '-ERR Non-Existent ID 3\n';

  it('is tried again while the member is busy', async () => {
    const { api, asked } = answering(busy, busy, busy, '+OK mute 3\n');
    await takeStep(api, 'c1', mute, always);
    expect(asked).toHaveLength(4);
  });

  it('is given up when the member stays busy', async () => {
    const { api, asked } = answering(busy);
    await expect(takeStep(api, 'c1', mute, always)).rejects.toMatchObject(isolationLost);
    expect(asked).toHaveLength(6);
  });

  it('is not tried again once it is not wanted any more', async () => {
    const { api, asked } = answering(busy, '+OK mute 3\n');
    await expect(takeStep(api, 'c1', mute, () => asked.length === 0)).rejects.toMatchObject(isolationLost);
    expect(asked).toHaveLength(1);
  });

  it('fails as lost isolation when FreeSWITCH does not answer', async () => {
    const api = () => Promise.reject(new Error('gone'));
    await expect(takeStep(api, 'c1', mute, always)).rejects.toMatchObject({ ...isolationLost, message: 'gone' });
  });
});

describe('a conference', () => {
  it('is entered deaf and mute', () => {
    expect(entryDeafAndMute('c1', 'silent')).toBe('c1@silent++flags{mute|deaf}');
  });
});
