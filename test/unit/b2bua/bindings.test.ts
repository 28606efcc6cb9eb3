import { describe, expect, it } from 'vitest';
import { Bindings } from '../../../src/b2bua/bindings.ts';

const contact = (uri: string, seconds = 60) => ({ uri, seconds, route: undefined });
const uris = (bindings: Bindings, now: number) => bindings.contacts('d', now).map(({ uri }) => uri);

describe('bindings', () => {
  it('are there until they expire, the most recent first', () => {
    const bindings = new Bindings();
    bindings.update('d', { callId: 'a', cseq: 1, contacts: [contact('sip:one', 60)] }, 0);
    bindings.update('d', { callId: 'b', cseq: 1, contacts: [contact('sip:two', 30)] }, 0);
    expect(uris(bindings, 0)).toEqual(['sip:two', 'sip:one']);
    expect(bindings.nextExpiry).toBe(30_000);
    expect(uris(bindings, 30_000)).toEqual(['sip:one']);
    expect([...bindings.expire(30_000).values()].flat()).toMatchObject([{ uri: 'sip:two' }]);
    expect([...bindings.expire(60_000).keys()]).toEqual(['d']);
    expect(bindings.nextExpiry).toBeUndefined();
  });

  it('are renewed, and removed with 0', () => {
    const bindings = new Bindings();
    const update = (cseq: number, seconds: number) =>
      bindings.update('d', { callId: 'a', cseq, contacts: [contact('sip:one', seconds)] }, 0);
    expect([update(1, 10), update(2, 60)]).toEqual([true, true]);
    expect(bindings.nextExpiry).toBe(60_000);
    expect(update(3, 0)).toBe(true);
    expect(uris(bindings, 0)).toEqual([]);
  });

  it('are not changed by what is older than they are', () => {
    const bindings = new Bindings();
    bindings.update('d', { callId: 'a', cseq: 5, contacts: [contact('sip:one')] }, 0);
    expect(bindings.update('d', { callId: 'a', cseq: 5, contacts: [contact('sip:one', 0)] }, 0)).toBe(false);
    expect(bindings.clear('d', { callId: 'a', cseq: 4 })).toBe(false);
    expect(uris(bindings, 0)).toEqual(['sip:one']);
    expect(bindings.clear('d', { callId: 'a', cseq: 6 })).toBe(true);
    expect(uris(bindings, 0)).toEqual([]);
  });

  it('are ten at most', () => {
    const bindings = new Bindings();
    for (let n = 0; n < 12; n++) bindings.update('d', { callId: `${n}`, cseq: 1, contacts: [contact(`sip:${n}`)] }, 0);
    expect(uris(bindings, 0)).toEqual(['11', '10', '9', '8', '7', '6', '5', '4', '3', '2'].map((n) => `sip:${n}`));
  });
});
