import { describe, expect, it } from 'vitest';
import { startControlPlane } from '../http/control-plane.ts';
import { NotificationClient } from './client.ts';

const PATH = '/api/v2/notifications';
const handshake = [{ channel: '/meta/handshake', version: '1.0', supportedConnectionTypes: ['long-polling'] }];

describe('what a client may not', () => {
  it('shake hands without a log-in', async () => {
    await using plane = await startControlPlane();
    expect(await plane.ask('POST', `${PATH}/handshake`, { body: handshake })).toMatchObject({
      status: 401,
      body: { statusCode: 20 },
    });
  });

  it('publish, neither to others nor to the server', async () => {
    await using plane = await startControlPlane();
    await using agent = await NotificationClient.connect(plane.base, 'agent1');
    await using supervisor = await NotificationClient.connect(plane.base, 'supervisor');
    for (const channel of ['/v2/me/devices', '/v2/other', '/service/x']) {
      expect(await agent.publish(channel, { messageType: 'DeviceStateChangeMessage' })).toMatchObject({
        successful: false,
      });
    }
    await plane.coach();
    await supervisor.told('/v2/me/devices');
    expect(supervisor.messages).toHaveLength(1);
    expect(agent.messages).toEqual([]);
  });

  it('subscribe to what is nobody’s', async () => {
    await using plane = await startControlPlane();
    await expect(NotificationClient.connect(plane.base, 'agent1', ['/v2/users/devices'])).rejects.toThrow(
      '403::subscribe_denied',
    );
  });

  it("speak for another user's client", async () => {
    await using plane = await startControlPlane();
    const [answer] = (await plane.ask('POST', PATH, { as: 'supervisor', body: handshake })).body as unknown as [
      { clientId: string },
    ];
    const subscribe = [{ channel: '/meta/subscribe', clientId: answer.clientId, subscription: '/v2/me/*' }];
    const foreign = await plane.ask('POST', PATH, { as: 'agent1', body: subscribe });
    expect(foreign.body).toMatchObject([{ successful: false, error: '402::session_unknown' }]);
    const own = await plane.ask('POST', PATH, { as: 'supervisor', body: subscribe });
    expect(own.body).toMatchObject([{ successful: true }]);
  });

  it('open clients without end', async () => {
    await using plane = await startControlPlane();
    const answers = await Promise.all(
      Array.from({ length: 51 }, () => plane.ask('POST', PATH, { as: 'agent1', body: handshake })),
    );
    const refused = answers.filter(({ body }) => JSON.stringify(body).includes('403::handshake_denied'));
    expect(refused).toHaveLength(1);
  });

  it.each([
    ['nothing', []],
    ['a handshake among others', [...handshake, { channel: '/meta/connect' }]],
    ['a channel that is none', [{ channel: 'meta' }]],
    ['a subscription that is none', [{ channel: '/meta/subscribe', subscription: 'x' }]],
    ['a wait without end', [{ channel: '/meta/connect', advice: { timeout: 1e12 } }]],
    ['a text', 'handshake'],
  ])('send %s', async (_, body) => {
    await using plane = await startControlPlane();
    const answer = await plane.ask('POST', PATH, { as: 'agent1', body: JSON.stringify(body) });
    expect(answer).toMatchObject({ status: 400, body: { statusCode: 2 } });
  });

  it('leave its messages lying: it is dropped and has to begin anew', async () => {
    await using plane = await startControlPlane();
    const [answer] = (await plane.ask('POST', PATH, { as: 'supervisor', body: handshake })).body as unknown as [
      { clientId: string },
    ];
    const { clientId } = answer;
    const subscribe = [{ channel: '/meta/subscribe', clientId, subscription: '/v2/me/*' }];
    await plane.ask('POST', PATH, { as: 'supervisor', body: subscribe });
    for (let i = 0; i < 200; i += 1) await plane.coach();
    const late = await plane.ask('POST', PATH, { as: 'supervisor', body: [{ channel: '/meta/connect', clientId }] });
    expect(late.body).toMatchObject([{ error: '402::session_unknown', advice: { reconnect: 'handshake' } }]);
  });
});

describe('a handshake', () => {
  it('opens a session, whose cookie is enough from then on, and sets no other cookie', async () => {
    await using plane = await startControlPlane();
    const { headers } = await plane.ask('POST', PATH, { as: 'agent1', body: handshake });
    const cookies = headers.getSetCookie();
    expect(cookies).toEqual([expect.stringMatching(/^JSESSIONID=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/)]);
    const cookie = cookies[0]?.split(';')[0] ?? '';
    const again = await plane.ask('POST', PATH, { headers: { cookie }, body: handshake });
    expect(again.body).toMatchObject([{ successful: true }]);
  });
});

describe('the end', () => {
  it('of the user’s session ends the user’s clients, after they were told what it took along', async () => {
    await using plane = await startControlPlane();
    await using client = await NotificationClient.connect(plane.base, 'supervisor');
    const ended = client.ended();
    await plane.coach();
    await plane.ask('POST', '/api/v2/me', { as: 'supervisor', body: { operationName: 'EndContactCenterSession' } });
    await ended;
    expect(plane.notifier.waiting).toBe(0);
    expect(JSON.stringify(client.messages.at(-1))).not.toContain('supervisorMonitoringState');
    expect(client.messages).toHaveLength(2);
  });

  it('of the server lets go of everyone who waits', async () => {
    const plane = await startControlPlane();
    const [answer] = (await plane.ask('POST', PATH, { as: 'agent1', body: handshake })).body as unknown as [
      { clientId: string },
    ];
    const connect = [{ channel: '/meta/connect', clientId: answer.clientId, connectionType: 'long-polling' }];
    const waiting = plane.ask('POST', PATH, { as: 'agent1', body: connect });
    await expect.poll(() => plane.notifier.waiting).toBe(1);
    await plane[Symbol.asyncDispose]();
    expect((await waiting).body).toMatchObject([{ channel: '/meta/disconnect' }, { channel: '/meta/connect' }]);
  });
});
