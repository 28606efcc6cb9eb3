import { describe, expect, it } from 'vitest';
import { Roster } from '../../../src/store/roster.ts';

describe('the roster', () => {
  const roster = new Roster({
    users: [{ id: 'u1', userName: 'ada', firstName: 'Ada', lastName: '', roles: ['agent'], passwordHash: 'hash' }],
    devices: [
      { id: 'd1', phoneNumber: '5001', owner: 'ada', autoAnswer: true, sip: { userName: '5001', password: 'x' } },
      { id: 'd2', phoneNumber: '1001', autoAnswer: false, address: 'sip:1001@10.0.0.1' },
    ],
  });
  const d1 = { id: 'd1', phoneNumber: '5001', address: undefined, ownerId: 'u1', autoAnswer: true };

  it('knows devices by id, number and owner', () => {
    expect(roster.device('d1')).toEqual(d1);
    expect(roster.deviceByNumber('1001')).toMatchObject({ id: 'd2', address: 'sip:1001@10.0.0.1', ownerId: undefined });
    expect(roster.devicesOf('u1')).toEqual([d1]);
    expect(roster.device('d3')).toBeUndefined();
  });

  it('knows users without their hash, and accounts with it', () => {
    expect(roster.user('u1')).not.toHaveProperty('passwordHash');
    expect(roster.account('ada')).toMatchObject({ user: { id: 'u1' }, passwordHash: 'hash' });
    expect(roster.account('toString')).toBeUndefined();
  });
});
