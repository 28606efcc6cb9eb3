import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { serverView } from './servers.ts';

let plane: ControlPlane;
beforeEach(async () => {
  plane = await startControlPlane();
});
afterEach(() => plane[Symbol.asyncDispose]());

const SERVERS = '/admin/media-servers';

describe('an administrator', () => {
  const operate = (operationName: string, id = 'fs-1') =>
    plane.ask('POST', `${SERVERS}/${id}`, { as: 'admin', body: { operationName } });

  it('sees the media servers', async () => {
    const all = await plane.ask('GET', SERVERS, { as: 'admin' });
    expect(all).toMatchObject({ status: 200, body: { statusCode: 0 } });
    expect(all.body['mediaServers']).toMatchObject([{ id: 'fs-1' }, { id: 'fs-2' }]);
    const one = await plane.ask('GET', `${SERVERS}/fs-2`, { as: 'admin' });
    expect(one.body).toEqual({
      statusCode: 0,
      mediaServer: {
        id: 'fs-2',
        address: '10.0.0.1:8021',
        state: 'up',
        rooms: 0,
        sessions: 0,
        maxSessions: 1000,
        load: 0,
      },
    });
  });

  it('drains one that has rooms, and takes it into use again', async () => {
    plane.servers.mediaServers = [serverView('fs-1', { rooms: 1 })];
    expect((await operate('Drain')).body).toMatchObject({
      statusCode: 0,
      mediaServer: { state: 'draining', rooms: 1 },
    });
    expect((await operate('Undrain')).body).toMatchObject({ statusCode: 0, mediaServer: { state: 'up' } });
  });

  it('drains one without rooms', async () => {
    expect((await operate('Drain')).body).toMatchObject({ statusCode: 0, mediaServer: { state: 'drained' } });
  });

  it.each([
    ['another server', 'GET', `${SERVERS}/fs-3`, undefined, 404, 6],
    ['to drain another server', 'POST', `${SERVERS}/fs-3`, { operationName: 'Drain' }, 404, 6],
    ['nothing', 'POST', `${SERVERS}/fs-1`, {}, 400, 1],
    ['without a body', 'POST', `${SERVERS}/fs-1`, undefined, 400, 1],
    ['something else', 'POST', `${SERVERS}/fs-1`, { operationName: 'Explode' }, 400, 2],
    ['in no JSON object', 'POST', `${SERVERS}/fs-1`, [], 400, 2],
    ['to delete it', 'DELETE', `${SERVERS}/fs-1`, undefined, 405, 3],
  ])('is told what is wrong when asking for %s', async (_, method, path, body, status, statusCode) => {
    const answer = await plane.ask(method, path, { as: 'admin', body });
    expect(answer).toMatchObject({ status, body: { statusCode } });
    expect(plane.servers.mediaServers.map(({ state }) => state)).toEqual(['up', 'up']);
  });
});

describe('somebody who is no administrator', () => {
  it.each([
    ['GET', SERVERS, undefined],
    ['GET', `${SERVERS}/fs-1`, undefined],
    ['POST', `${SERVERS}/fs-1`, { operationName: 'Drain' }],
  ])('may not %s %s', async (method, path, body) => {
    expect(await plane.ask(method, path, { as: 'supervisor', body })).toMatchObject({
      status: 403,
      body: { statusCode: 5 },
    });
    expect(await plane.ask(method, path, { body })).toMatchObject({ status: 401, body: { statusCode: 20 } });
    expect(plane.servers.mediaServers[0]?.state).toBe('up');
  });
});

describe('the health', () => {
  const health = () => plane.ask('GET', '/health');

  it('is told to anybody, with how everything stands', async () => {
    const { status, body, headers } = await health();
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toEqual({
      instance: 'this one',
      status: 'up',
      sip: { state: 'up' },
      media: ['fs-1', 'fs-2'].map((id) => ({ id, state: 'up', rooms: 0, sessions: 0 })),
      store: { state: 'up' },
    });
  });

  it('is degraded while a media server is down: calls are taken', async () => {
    plane.servers.mediaServers = [serverView('fs-1', { state: 'waiting', reason: 'the password is wrong' })];
    const { status, body } = await health();
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: 'degraded', media: [{ state: 'waiting', reason: 'the password is wrong' }] });
  });

  it('is degraded while a media server is full', async () => {
    plane.servers.mediaServers = [serverView('fs-1', { reason: 'it is full' })];
    expect(await health()).toMatchObject({ status: 200, body: { status: 'degraded' } });
  });

  it('is degraded while the store is away', async () => {
    plane.servers.store = { state: 'lost', reason: 'connection refused' };
    expect(await health()).toMatchObject({ status: 200, body: { status: 'degraded', store: { state: 'lost' } } });
  });

  it('is not worse for a media server that is drained on request, as long as there is another', async () => {
    plane.servers.drain('fs-1', true);
    expect(await health()).toMatchObject({ status: 200, body: { status: 'up' } });
    plane.servers.mediaAvailable = false;
    expect(await health()).toMatchObject({ status: 200, body: { status: 'degraded' } });
  });

  it('is bad while drachtio is away: no call can be taken', async () => {
    plane.servers.sip = { state: 'lost', reason: 'ECONNREFUSED' };
    const { status, body } = await health();
    expect(status).toBe(503);
    expect(body).toMatchObject({ status: 'down', sip: { state: 'lost', reason: 'ECONNREFUSED' } });
  });
});
