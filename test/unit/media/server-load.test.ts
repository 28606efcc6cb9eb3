import { describe, expect, it } from 'vitest';
import { readHeartbeat, readStatus } from '../../../src/media/server-load.ts';

/** As FreeSWITCH 1.10.12 answered, 17 sessions into its life. */
const STATUS = `UP 0 years, 0 days, 0 hours, 0 minutes, 2 seconds, 516 milliseconds, 801 microseconds
FreeSWITCH (Version 1.10.12-release git a88d069 2024-08-02 21:02:27Z 64bit) is ready
17 session(s) since startup
4 session(s) - peak 6, last 5min 6 
1 session(s) per Sec out of max 30, peak 5, last 5min 5 
1200 session(s) max
min idle cpu 0.00/98.97
Current Stack Size/Max 240K/8192K
`;

describe('the load of a server', () => {
  it('is read from its status', () => {
    expect(readStatus(STATUS)).toEqual({ sessions: 4, maxSessions: 1200, sessionsPerSecond: 30, idleCpu: 98.97 });
  });

  it.each(['', '-ERR no reply', '4 session(s) - peak 6, last 5min 6'])('is not read from %j', (answer) => {
    expect(readStatus(answer)).toBeUndefined();
  });

  it('is read from its HEARTBEAT, where the rate is no limit', () => {
    const headers: Record<string, string> = {
      'Session-Count': '4',
      'Max-Sessions': '1200',
      'Session-Per-Sec': '200',
      'Idle-CPU': '98.966667',
    };
    const found = readHeartbeat((name) => headers[name] ?? null);
    expect(found).toEqual({ sessions: 4, maxSessions: 1200, sessionsPerSecond: undefined, idleCpu: 98.966667 });
  });

  it.each([null, '', 'many'])('is not read from a HEARTBEAT that says %j', (value) => {
    expect(readHeartbeat(() => value)).toBeUndefined();
  });
});
