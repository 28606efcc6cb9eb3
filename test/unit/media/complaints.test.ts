import { describe, expect, it } from 'vitest';
import { Complaints } from '../../../src/media/complaints.ts';

function told(...reasons: readonly (string | undefined)[]): string[] {
  const lines: string[] = [];
  const complaints = new Complaints((reason) => lines.push(reason));
  for (const reason of reasons) {
    if (reason === undefined) complaints.settled();
    else complaints.complain(reason);
  }
  return lines;
}

describe('a cause', () => {
  it('is said once, however often it comes', () => {
    expect(told('the password is wrong', 'the password is wrong')).toEqual(['the password is wrong']);
  });

  it('is said again after all was well', () => {
    expect(told('lost', undefined, 'lost')).toEqual(['lost', 'lost']);
  });

  it('is not followed by what its consequences are called', () => {
    const refused = 'connect ECONNREFUSED 127.0.0.1:8021';
    expect(told('its event socket was closed', refused, refused, 'it has no SIP profile yet', refused)).toEqual([
      'its event socket was closed',
    ]);
  });

  it('that is another is said when it stays', () => {
    expect(told('connect ECONNREFUSED', 'the password is wrong', 'the password is wrong')).toEqual([
      'connect ECONNREFUSED',
      'the password is wrong',
    ]);
  });
});
