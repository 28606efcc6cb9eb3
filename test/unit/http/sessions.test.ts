import { describe, expect, it } from 'vitest';
import type { User } from '../../../src/coaching/device.ts';
import { Sessions } from '../../../src/http/sessions.ts';

const user = (id: string): User => ({ id, userName: id, firstName: '', lastName: '', roles: ['agent'] });

describe('sessions', () => {
  it('are one for each user, shared by all clients', () => {
    const sessions = new Sessions(1000);
    const ada = sessions.open(user('ada'));
    expect(sessions.open(user('ada'))).toBe(ada);
    expect(sessions.resume(ada.id)).toBe(ada);
    expect(sessions.open(user('alan')).id).not.toBe(ada.id);
  });

  it('live as long as they are used, and a little longer', () => {
    let now = 0;
    const sessions = new Sessions(1000, () => now);
    const { id } = sessions.open(user('ada'));
    now = 999;
    expect(sessions.resume(id)).toBeDefined();
    now = 1998;
    expect(sessions.resume(id)).toBeDefined();
    now = 2998;
    expect(sessions.resume(id)).toBeUndefined();
    expect(sessions.open(user('ada')).id).not.toBe(id);
  });

  it('are over after the log-out', () => {
    const sessions = new Sessions(1000);
    const { id } = sessions.open(user('ada'));
    sessions.close('ada');
    sessions.close('ada');
    expect(sessions.resume(id)).toBeUndefined();
    expect(sessions.open(user('ada')).id).not.toBe(id);
  });
});
