import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { Allowance } from '../../../src/media/allowance.ts';

const load = (sessions: number, { maxSessions = 1000, sessionsPerSecond = 200 } = {}) => ({
  sessions,
  maxSessions,
  sessionsPerSecond,
  idleCpu: undefined,
});

let allowance: Allowance;
beforeEach(() => {
  allowance = new Allowance();
});

describe('what a server may be asked for', () => {
  it('is everything as long as it has said nothing of itself', () => {
    expect(allowance.refusal(0)).toBeUndefined();
    expect(allowance.maxSessions).toBeUndefined();
    expect([allowance.sessions(0), allowance.share(0)]).toEqual([0, 0]);
  });

  it('ends before max-sessions: a supervisor may come to the parties', () => {
    allowance.read(load(6, { maxSessions: 10 }), 0);
    expect(allowance.refusal(1)).toBeUndefined();
    allowance.read(load(7, { maxSessions: 10 }), 2);
    expect(allowance.refusal(3)).toBe('it is full: 7 of 10 sessions (max-sessions)');
  });

  it('counts rooms from the moment they are opened, and their parties once', () => {
    allowance.read(load(0, { maxSessions: 10 }), 0);
    for (let room = 0; room < 3; room++) allowance.roomOpened(1);
    expect(allowance.sessions(1)).toBe(6);
    const begun = Array.from({ length: 6 }, () => allowance.sessionBegun(2));
    expect(allowance.sessions(2)).toBe(6);
    allowance.sessionBegun(3);
    expect(allowance.sessions(3)).toBe(7);
    expect(allowance.share(3)).toBe(0.7);
    for (const session of begun) session.over(true, 4);
    expect(allowance.sessions(4)).toBe(7);
  });

  it('counts a session that is being begun whatever the server says: it may not have heard of it', () => {
    const session = allowance.sessionBegun(1);
    allowance.read(load(0), 2);
    expect(allowance.sessions(3)).toBe(1);
    session.over(true, 4);
    expect(allowance.sessions(5)).toBe(1);
    allowance.read(load(1), 6);
    expect(allowance.sessions(7)).toBe(1);
  });

  it('does not count a session that came to nothing', () => {
    allowance.sessionBegun(1).over(false, 2);
    expect(allowance.sessions(3)).toBe(0);
  });

  it('does not wait for ever for the parties of a room that came to nothing', () => {
    allowance.roomOpened(0);
    expect(allowance.sessions(999)).toBe(2);
    expect(allowance.sessions(1000)).toBe(0);
  });

  it('is nothing for a while after a 503', () => {
    allowance.refused(0);
    expect(allowance.refusal(999)).toContain('503');
    expect(allowance.refusal(1000)).toBeUndefined();
  });

  it('keeps what status has said of the rate when a HEARTBEAT does not', () => {
    allowance.read(load(0, { sessionsPerSecond: 3 }), 0);
    allowance.read({ ...load(0), sessionsPerSecond: undefined }, 1);
    allowance.roomOpened(2);
    expect(allowance.refusal(3)).toContain('sessions-per-second');
    expect(allowance.refusal(1002)).toBeUndefined();
  });

  it('never has the server refuse a session for its rate, whenever its seconds begin', () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(gaps, fc.integer({ min: 3, max: 40 }), fc.nat(999), (pauses, rate, phase) => {
        const server = new Allowance();
        server.read(load(0, { maxSessions: 100_000, sessionsPerSecond: rate }), 0);
        const inSecond = new Map<number, number>();
        let now = 0;
        for (const pause of pauses) {
          now += pause;
          if (server.refusal(now) !== undefined) continue;
          server.roomOpened(now);
          const second = Math.floor((now + phase) / 1000);
          inSecond.set(second, (inSecond.get(second) ?? 0) + 2);
        }
        // FreeSWITCH counts down before it looks: the last of the second is refused already.
        for (const sessions of inSecond.values()) expect(sessions).toBeLessThan(rate);
      }),
    );
  });
});
