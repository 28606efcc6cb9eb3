import { describe, expect, it } from 'vitest';
import { cseqFromOutside, factsOf, headersInDialog } from '../../../src/b2bua/dialog-facts.ts';
import type { StackDialog } from '../../../src/b2bua/stack.ts';

const messageWith = (headers: Record<string, string>, from = {}) => ({ ...from, get: (name: string) => headers[name] });

/** A dialog as srf brings it, of the messages that made it. */
const dialog = (type: 'uac' | 'uas', req: object, res: object, contact: string): StackDialog =>
  ({
    id: 'call@phone;from-tag=theirs',
    type,
    sip: { callId: 'call@phone', localTag: 'ours', remoteTag: 'theirs' },
    local: { sdp: '', contact: '<sip:10.0.0.1:5060>' },
    remote: { sdp: '', uri: contact },
    req: { method: 'INVITE', socket: undefined, ...req },
    res: { stackDialogId: 'x', ...res },
  }) as unknown as StackDialog;

const ROUTES = '<sip:near;lr>, <sip:far;lr>';
const PHONE = { source_address: '10.0.0.9', source_port: 5062, protocol: 'udp' };

describe('a dialog, to be spoken in by anybody (RFC 3261 12.1, 12.2.1.1)', () => {
  it('that a phone made: it is the other side, its routes as they came', () => {
    const invite = messageWith({
      From: '"Ann" <sip:ann@phone>;tag=theirs',
      To: '<sip:5001@us>',
      'Record-Route': ROUTES,
    });
    const facts = factsOf(dialog('uas', invite, {}, 'sip:ann@10.0.0.9:5062'));
    expect(facts).toMatchObject({
      callId: 'call@phone',
      local: '<sip:5001@us>;tag=ours',
      remote: '"Ann" <sip:ann@phone>;tag=theirs',
      target: 'sip:ann@10.0.0.9:5062',
      routes: ['<sip:near;lr>', '<sip:far;lr>'],
    });
    expect(headersInDialog(facts, 'BYE')).toMatchObject({
      From: '<sip:5001@us>;tag=ours',
      To: '"Ann" <sip:ann@phone>;tag=theirs',
      'Call-ID': 'call@phone',
      CSeq: expect.stringMatching(/^\d+ BYE$/) as unknown,
      Route: '<sip:near;lr>, <sip:far;lr>',
    });
  });

  it('that we made: its routes the other way round', () => {
    const sent = messageWith({ From: '<sip:us@us>;tag=ours', To: '<sip:5001@us>' });
    const answer = messageWith({ To: '<sip:5001@us>;tag=theirs', 'Record-Route': ROUTES });
    expect(factsOf(dialog('uac', sent, answer, 'sip:phone@10.0.0.9'))).toMatchObject({
      local: '<sip:us@us>;tag=ours',
      remote: '<sip:5001@us>;tag=theirs',
      routes: ['<sip:far;lr>', '<sip:near;lr>'],
    });
  });

  it('with a phone behind NAT: requests go where it came from', () => {
    const invite = messageWith({ From: '<sip:ann@phone>;tag=theirs', To: '<sip:5001@us>' }, PHONE);
    expect(factsOf(dialog('uas', invite, {}, 'sip:ann@192.168.1.2:5060'))).toMatchObject({
      proxy: 'sip:10.0.0.9:5062',
    });
    expect(factsOf(dialog('uas', invite, {}, 'sip:ann@10.0.0.9:5062'))).not.toHaveProperty('proxy');
  });

  it('with a session timer: the INVITE that gives it back to drachtio agrees on it anew', () => {
    const invite = messageWith({
      From: '<sip:a@b>;tag=theirs',
      To: '<sip:5001@us>',
      'Session-Expires': '1800;refresher=uac',
    });
    const facts = factsOf(dialog('uas', invite, {}, 'sip:a@b'));
    expect(headersInDialog(facts, 'INVITE')).toMatchObject({
      'Session-Expires': '1800;refresher=uac',
      Supported: 'timer',
    });
    expect(headersInDialog(facts, 'OPTIONS')).not.toHaveProperty('Session-Expires');
    // drachtio's refresh would not go by way of the proxy: the phone shall do it.
    expect(headersInDialog({ ...facts, routes: ['<sip:proxy;lr>'] }, 'INVITE')).toMatchObject({
      'Session-Expires': '1800;refresher=uas',
    });
  });

  it('has CSeqs above those of drachtio, below 2^31, that rise', () => {
    const numbers = [cseqFromOutside(), cseqFromOutside(), cseqFromOutside()];
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    expect(numbers[0]).toBeGreaterThan(2 ** 27);
    expect(cseqFromOutside(Date.UTC(2038, 0))).toBeLessThan(2 ** 31);
  });
});
