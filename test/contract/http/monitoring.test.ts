import { describe, expect, it } from 'vitest';
import { AGENT, CALL, OTHER_AGENT, startControlPlane, SUPERVISOR } from './control-plane.ts';

const PATH = `/api/v2/me/devices/${SUPERVISOR}`;

describe('operations on the own device', () => {
  it.each(['Coach', 'ListenIn', 'BargeIn'])('%s is accepted, shown and cancelled', async (operationName) => {
    await using plane = await startControlPlane();
    expect(await plane.coach({ operationName })).toMatchObject({ status: 200, body: { statusCode: 0 } });
    const { body } = await plane.ask('GET', `/api/v2/devices/${SUPERVISOR}`, { as: 'supervisor' });
    expect(body['device']).toMatchObject({
      capabilities: ['ForwardCallsOn', 'DoNotDisturbOn', 'ListenIn', 'Coach', 'BargeIn', 'CancelSupervisorMonitoring'],
      supervisorMonitoringState: {
        state: operationName,
        mode: 'AllCalls',
        scope: 'Call',
        targetDeviceUri: plane.uris.device(AGENT),
      },
    });

    const cancelled = await plane.ask('POST', PATH, {
      as: 'supervisor',
      body: { operationName: 'CancelSupervisorMonitoring' },
    });
    expect(cancelled).toMatchObject({ status: 200, body: { statusCode: 0 } });
    const after = await plane.ask('GET', `/api/v2/devices/${SUPERVISOR}`, { as: 'supervisor' });
    expect(after.body['device']).not.toHaveProperty('supervisorMonitoringState');
    expect(after.body['device']).not.toMatchObject({
      capabilities: expect.arrayContaining(['CancelSupervisorMonitoring']) as unknown,
    });
  });

  it('stores scope and mode', async () => {
    await using plane = await startControlPlane();
    await plane.coach({
      supervisorMonitoringScope: 'Agent',
      supervisorMonitoringMode: 'NextCall',
      phoneNumber: '5001',
    });
    expect(plane.stored()).toEqual([
      { supervisorDeviceId: SUPERVISOR, targetDeviceId: AGENT, operation: 'Coach', scope: 'Agent', mode: 'NextCall' },
    ]);
  });

  it('takes the path of the target, and the loopback interface by any of its names', async () => {
    await using plane = await startControlPlane();
    const { port } = new URL(plane.base);
    for (const targetDeviceUri of [`/api/v2/devices/${AGENT}`, `http://localhost:${port}/api/v2/devices/${AGENT}`]) {
      expect(await plane.coach({ targetDeviceUri })).toMatchObject({ status: 200 });
    }
  });

  it('joins the call that is up; cancelling with leaveCall false leaves the supervisor in it', async () => {
    await using plane = await startControlPlane();
    plane.switchboard.callEstablished(CALL);
    await plane.coach();
    await expect.poll(() => plane.happened.map(({ type }) => type)).toContain('supervision.active');
    const body = { operationName: 'CancelSupervisorMonitoring', leaveCall: false };
    await plane.ask('POST', PATH, { as: 'supervisor', body });
    expect(plane.switchboard.calls()[0]?.supervisions).toMatchObject([{ state: { is: 'active' } }]);
  });
});

describe('the session', () => {
  it('begins with nothing to do, and its end takes along what the user monitors', async () => {
    await using plane = await startControlPlane();
    const start = { operationName: 'StartContactCenterSession', channels: ['voice'] };
    expect(await plane.ask('POST', '/api/v2/me', { as: 'supervisor', body: start })).toMatchObject({ status: 200 });
    await plane.coach();
    const end = { operationName: 'EndContactCenterSession' };
    expect(await plane.ask('POST', '/api/v2/me', { as: 'supervisor', body: end })).toMatchObject({ status: 200 });
    expect(plane.stored()).toEqual([]);
  });

  it("ends with the agent's log-out what monitors the agent, and nothing else", async () => {
    await using plane = await startControlPlane();
    await plane.coach();
    const end = { operationName: 'EndContactCenterSession' };
    await plane.ask('POST', '/api/v2/me', { as: 'agent2', body: end });
    expect(plane.stored()).toHaveLength(1);
    await plane.ask('POST', '/api/v2/me', { as: 'agent1', body: end });
    expect(plane.stored()).toEqual([]);
  });

  it('goes on with a cookie, without a password, until the log-out', async () => {
    await using plane = await startControlPlane();
    const first = await plane.ask('GET', '/api/v2/me', { as: 'agent1' });
    const setCookie = first.headers.get('set-cookie') ?? '';
    expect(setCookie).toMatch(/^JSESSIONID=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/);
    const headers = { cookie: setCookie.split(';')[0] ?? '' };

    const second = await plane.ask('GET', '/api/v2/me', { headers });
    expect(second.body['user']).toMatchObject({ userName: 'agent1' });
    expect(second.headers.get('set-cookie')).toBeNull();

    await plane.ask('POST', '/api/v2/me', { headers, body: { operationName: 'EndContactCenterSession' } });
    expect(await plane.ask('GET', '/api/v2/me', { headers })).toMatchObject({ status: 401, body: { statusCode: 20 } });
  });

  it('keeps its cookie to TLS where clients come over TLS', async () => {
    await using plane = await startControlPlane({ secure: true });
    const { headers } = await plane.ask('GET', '/api/v2/me', { as: 'agent1' });
    expect(headers.get('set-cookie')).toMatch(/; Secure/);
  });

  it('demands the token of a GET in a POST, where so configured', async () => {
    await using plane = await startControlPlane({ csrf: true });
    const { headers } = await plane.ask('GET', '/api/v2/me', { as: 'supervisor' });
    const name = headers.get('x-csrf-header') ?? '';
    const token = headers.get('x-csrf-token') ?? '';
    expect(name).toBe('X-CSRF-TOKEN');
    const body = { operationName: 'Coach', targetDeviceUri: plane.uris.device(OTHER_AGENT) };

    for (const wrong of [{}, { [name]: '' }, { [name]: token.toUpperCase() }]) {
      const refused = await plane.ask('POST', PATH, { as: 'supervisor', body, headers: wrong });
      expect(refused).toMatchObject({ status: 403, body: { statusCode: 3 } });
    }
    expect(plane.stored()).toEqual([]);
    const accepted = await plane.ask('POST', PATH, { as: 'supervisor', body, headers: { [name]: token } });
    expect(accepted).toMatchObject({ status: 200, body: { statusCode: 0 } });
  });
});
