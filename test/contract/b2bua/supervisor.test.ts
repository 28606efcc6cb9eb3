import { describe, expect, it } from 'vitest';
import type { Device } from '../../../src/coaching/device.ts';
import type { PhoneOptions } from '../../support/phone.ts';
import { writeSdp } from '../../support/sdp.ts';
import { House, type HouseOptions } from './house.ts';

const room = (port: number, version = 1) =>
  writeSdp('room', version, { address: '127.0.0.1', port, codecs: ['PCMU'], direction: 'sendrecv' });

const device: Device = {
  id: 'device-5005',
  phoneNumber: '5005',
  address: undefined,
  ownerId: undefined,
  autoAnswer: true,
};

const open = (options: HouseOptions = {}) => House.open({ residents: [{ number: '5005' }], ...options });
const dial = (house: House, signal = new AbortController().signal) =>
  house.b2bua.dial({ device, offer: room(4000), callId: 'call-1' }, signal);

describe("dialling a supervisor's phone", () => {
  it('asks it to answer by itself, and gives it the offer untouched', async () => {
    await using house = await open();
    const phone = await house.registered('5005', { onIncoming: 'auto-answer' });
    const dialled = await dial(house);
    const incoming = await phone.incoming();
    expect(incoming.invite.body).toBe(room(4000));
    expect(incoming.autoAnswer).toMatchObject({
      after: 0,
      alertInfo: expect.stringContaining('alert-autoanswer') as string,
    });
    if (dialled.outcome !== 'answered') throw new Error(dialled.outcome);
    expect(dialled.answer).toContain('o=phone-5005');
    expect(house.b2bua.counts).toMatchObject({ supervisors: 1, calls: 0 });
    await house.b2bua.hangUp(dialled.legId);
    expect(await incoming.ended()).toMatchObject({ kind: 'hung-up', by: 'peer' });
    await house.b2bua.hangUp(dialled.legId);
    expect(house.b2bua.counts).toEqual({ ringing: 0, calls: 0, legs: 0, supervisors: 0 });
    expect(house.control.told.filter(({ type }) => type === 'supervisor-ended')).toEqual([]);
  });

  it('rings a phone that does not answer by itself, and tells when it hangs up', async () => {
    await using house = await open();
    const phone = await house.registered('5005', { onIncoming: 'ring' });
    const dialling = house.b2bua.dial(
      { device: { ...device, autoAnswer: false }, offer: room(4000), callId: 'c' },
      new AbortController().signal,
    );
    const incoming = await phone.incoming();
    expect(incoming.autoAnswer).toBeUndefined();
    await incoming.answer();
    const dialled = await dialling;
    await incoming.hangUp();
    expect(await house.control.hears('supervisor-ended')).toMatchObject(
      dialled.outcome === 'answered' ? { legId: dialled.legId } : {},
    );
    expect(house.b2bua.counts.legs).toBe(0);
  });

  it.each<[string, PhoneOptions['onIncoming']]>([
    ['busy', { reject: 486 }],
    ['busy', { reject: 600 }],
    ['declined', { reject: 603 }],
    ['declined', { reject: 403 }],
    ['no-answer', { reject: 480 }],
    ['no-answer', 'ring'],
    ['unreachable', { reject: 404 }],
    ['unreachable', { reject: 503 }],
    ['unreachable', { reject: 488 }],
  ])('says %s where the phone says %j', async (outcome, onIncoming) => {
    await using house = await open({ ringMs: { callee: 1000, supervisor: 50 } });
    await house.registered('5005', { ...(onIncoming !== undefined && { onIncoming }) });
    expect(await dial(house)).toEqual({ outcome });
  });

  it('says unreachable, and why, where the phone speaks nothing of what it is offered', async () => {
    await using house = await open();
    await house.registered('5005', { codecs: ['G722'] });
    expect(await dial(house)).toEqual({ outcome: 'unreachable' });
    const line = await house.diary.says("the supervisor's phone speaks none of the codecs offered to it");
    expect(JSON.parse(line)).toMatchObject({ offered: ['PCMU'], callId: expect.any(String) as unknown });
  });

  it('says unreachable where there is no phone at all, and where it is gone', async () => {
    await using house = await open();
    expect(await dial(house)).toEqual({ outcome: 'unreachable' });
    const phone = await house.registered('5005');
    await phone.close();
    expect(
      await house.b2bua.dial(
        { device: { ...device, id: 'nobody' }, offer: room(4000), callId: 'c' },
        new AbortController().signal,
      ),
    ).toEqual({
      outcome: 'unreachable',
    });
  });

  it('hangs up a phone that answers with nothing to talk through', async () => {
    await using house = await open();
    const phone = await house.registered('5005', { onIncoming: 'ring' });
    const dialling = dial(house);
    const incoming = await phone.incoming();
    await incoming.answer({ sdp: room(4000).replace('m=audio 4000', 'm=audio 0') });
    expect(await dialling).toEqual({ outcome: 'unreachable' });
    expect(await incoming.ended()).toMatchObject({ kind: 'hung-up', by: 'peer' });
  });

  it('is given up with CANCEL, before it rings and while it rings', async () => {
    await using house = await open();
    const phone = await house.registered('5005', { onIncoming: 'ring' });
    expect(await dial(house, AbortSignal.abort())).toEqual({ outcome: 'cancelled' });
    expect(phone.calls).toEqual([]);
    const giving = new AbortController();
    const dialling = dial(house, giving.signal);
    const incoming = await phone.incoming();
    giving.abort();
    expect(await dialling).toEqual({ outcome: 'cancelled' });
    expect(await incoming.ended()).toMatchObject({ kind: 'cancelled', by: 'peer' });
  });

  it('leaves nobody on the line where the answer crosses the CANCEL', async () => {
    await using house = await open();
    const phone = await house.registered('5005', { onIncoming: 'ring' });
    const giving = new AbortController();
    const dialling = dial(house, giving.signal);
    const incoming = await phone.incoming();
    const answered = incoming.answer();
    giving.abort();
    await answered;
    expect(await dialling).toEqual({ outcome: 'cancelled' });
    expect((await incoming.ended()).kind).toMatch(/hung-up|cancelled/);
    expect(house.b2bua.counts.legs).toBe(0);
  });

  it('tells the core what the phone offers', async () => {
    await using house = await open();
    const phone = await house.registered('5005');
    const dialled = await dial(house);
    const incoming = await phone.incoming();
    house.control.answerSupervisor = () => Promise.resolve(room(4000, 2));
    const response = await incoming.reinvite();
    expect([response.status, response.body]).toEqual([200, room(4000, 2)]);
    expect(await house.control.hears('supervisor-offer')).toMatchObject(
      dialled.outcome === 'answered' ? { legId: dialled.legId } : {},
    );
    expect(
      (await incoming.request('INFO', { body: 'Signal=1\r\n', contentType: 'application/dtmf-relay' })).status,
    ).toBe(200);
  });
});
