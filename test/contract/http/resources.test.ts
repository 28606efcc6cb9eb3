import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AGENT, type ControlPlane, OTHER_AGENT, startControlPlane, SUPERVISOR } from './control-plane.ts';

let plane: ControlPlane;
beforeAll(async () => {
  plane = await startControlPlane();
});
afterAll(() => plane[Symbol.asyncDispose]());

const device = (id: string) => `${plane.base}/api/v2/devices/${id}`;

describe('what a user can read', () => {
  it('who is logged in', async () => {
    const { status, body } = await plane.ask('GET', '/api/v2/me', { as: 'supervisor' });
    expect(status).toBe(200);
    expect(body).toEqual({
      statusCode: 0,
      user: {
        id: '2c1f3f6a-5f0e-4a51-9d3c-3d7f4c0a5005',
        userName: 'supervisor',
        firstName: 'Sue',
        lastName: 'Supervisor',
        roles: ['ROLE_AGENT', 'ROLE_SUPERVISOR'],
        enabled: true,
        uri: `${plane.base}/api/v2/users/2c1f3f6a-5f0e-4a51-9d3c-3d7f4c0a5005`,
        path: '/users/2c1f3f6a-5f0e-4a51-9d3c-3d7f4c0a5005',
      },
    });
  });

  it('the URIs of the own devices, and no others', async () => {
    const { body } = await plane.ask('GET', '/api/v2/me/devices', { as: 'supervisor' });
    expect(body).toEqual({ statusCode: 0, uris: [device(SUPERVISOR)] });
  });

  it('the own devices with all fields', async () => {
    const { body } = await plane.ask('GET', '/api/v2/me/devices?fields=*', { as: 'supervisor' });
    expect(body).toEqual({
      statusCode: 0,
      devices: [
        {
          id: SUPERVISOR,
          deviceState: 'Active',
          userState: { id: '900D55CC-2BB0-431F-8BF9-D3525B383BE6', displayName: 'Not Ready', state: 'NotReady' },
          phoneNumber: '5005',
          e164Number: '5005',
          telephonyNetwork: 'Private',
          doNotDisturb: 'Off',
          voiceEnvironmentUri: plane.uris.voiceEnvironment(),
          capabilities: ['ForwardCallsOn', 'DoNotDisturbOn', 'ListenIn', 'Coach', 'BargeIn'],
        },
      ],
    });
  });

  it('some fields, of the devices that a filter lets pass', async () => {
    const wanted = await plane.ask('GET', '/api/v2/me/devices?fields=id,phoneNumber&phoneNumber=5005', {
      as: 'supervisor',
    });
    expect(wanted.body).toEqual({ statusCode: 0, devices: [{ id: SUPERVISOR, phoneNumber: '5005' }] });
    const unwanted = await plane.ask('GET', '/api/v2/me/devices?phoneNumber=5001', { as: 'supervisor' });
    expect(unwanted.body).toEqual({ statusCode: 0, uris: [] });
  });

  it('a device that is not the own one, with the capabilities of its owner', async () => {
    const { body } = await plane.ask('GET', `/api/v2/devices/${AGENT}?fields=capabilities,deviceState`, {
      as: 'supervisor',
    });
    expect(body).toEqual({
      statusCode: 0,
      device: { capabilities: ['ForwardCallsOn', 'DoNotDisturbOn'], deviceState: 'Active' },
    });
    const absent = await plane.ask('GET', `/api/v2/devices/${OTHER_AGENT}`, { as: 'supervisor' });
    expect(absent.body['device']).toMatchObject({ deviceState: 'Inactive' });
  });

  it('all devices and those of somebody, as an administrator', async () => {
    const all = await plane.ask('GET', '/api/v2/devices', { as: 'admin' });
    expect(all.body['uris']).toHaveLength(4);
    const theirs = await plane.ask('GET', '/api/v2/users/2c1f3f6a-5f0e-4a51-9d3c-3d7f4c0a5001/devices', {
      as: 'admin',
    });
    expect(theirs.body).toEqual({ statusCode: 0, uris: [device(AGENT)] });
  });

  it('the version, and without a log-in the health', async () => {
    const version = await plane.ask('GET', '/api/v2/diagnostics/version', { as: 'agent1' });
    expect(version.body).toEqual({ statusCode: 0, version: '0.1.0' });
    expect((await plane.ask('GET', '/health')).body).toMatchObject({ status: 'up' });
  });
});
