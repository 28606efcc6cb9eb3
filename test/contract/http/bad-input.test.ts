import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BAD_REQUESTS, OWN } from './bad-requests.ts';
import { AGENT, type ControlPlane, OTHER_AGENT, startControlPlane } from './control-plane.ts';

let plane: ControlPlane;
beforeAll(async () => {
  plane = await startControlPlane();
});
afterAll(() => plane[Symbol.asyncDispose]());

describe('bad input is answered with the right status, and changes nothing', () => {
  it.each(BAD_REQUESTS)(
    '$what → $status, $statusCode',
    async ({ what, method = 'POST', path = OWN, as = 'supervisor', ...row }) => {
      const before = plane.happened.length;
      const { password, body, headers } = row;
      const answer = await plane.ask(method, path, {
        ...(as !== '' && { as }),
        ...(password !== undefined && { password }),
        ...(body !== undefined && { body }),
        ...(headers !== undefined && { headers }),
      });
      expect(answer.body, what).toEqual({
        statusCode: row.statusCode,
        statusMessage: expect.stringMatching(row.message) as string,
      });
      expect(answer.status).toBe(row.status);
      expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
      if (row.status === 401) expect(answer.headers.get('www-authenticate')).toMatch(/^Basic realm=/);
      if (row.status === 405) expect(answer.headers.get('allow')).not.toBeNull();
      expect(plane.happened).toHaveLength(before);
      expect(plane.stored()).toEqual([]);
    },
  );
});

describe('what other supervisors hold', () => {
  it('is refused as already in use, and the first subscription stays', async () => {
    await using shared = await startControlPlane();
    const held = {
      supervisorDeviceId: OTHER_AGENT,
      targetDeviceId: AGENT,
      operation: 'Coach',
      scope: 'Call',
      mode: 'AllCalls',
    } as const;
    await shared.switchboard.monitor(held);
    expect(await shared.coach()).toMatchObject({ status: 409, body: { statusCode: 19 } });
    expect(shared.stored()).toEqual([held]);
  });
});

describe('a store that fails', () => {
  it('is an internal error without its details', async () => {
    await using broken = await startControlPlane();
    broken.breakStore('disk sdb1 is full');
    expect(await broken.coach()).toMatchObject({
      status: 500,
      body: { statusCode: 4, statusMessage: 'an internal error occurred' },
    });
  });
});

describe('what is not even HTTP', () => {
  it('is answered with a body of the API, and the connection closed', async () => {
    const { port } = new URL(plane.base);
    const socket = connect(Number(port), '127.0.0.1');
    socket.write('REGISTER sip:example.org SIP/2.0\r\n\r\n');
    const answer = await text(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(JSON.parse(answer.slice(answer.indexOf('{')))).toMatchObject({ statusCode: 2 });
  });
});
