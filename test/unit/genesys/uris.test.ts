import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Uris } from '../../../src/genesys/uris.ts';

const ID = '9c14cad7-17c4-48d0-8492-7cf0ff92c224';

describe('the URI of a device', () => {
  it.each(['http://127.0.0.1:8080', 'https://example.org', 'https://example.org/earpiece'])(
    'below %s leads back to it',
    (base) => {
      const uris = new Uris(() => base);
      fc.assert(
        fc.property(fc.uuid(), (id) => {
          expect(uris.deviceIn('targetDeviceUri', uris.device(id))).toBe(id);
          expect(uris.deviceIn('targetDeviceUri', `/api/v2/devices/${id}`)).toBe(id);
        }),
      );
    },
  );

  it.each([
    'https://example.org.evil.com/api/v2/devices/x',
    'https://example.org@evil.com/api/v2/devices/x',
    'http://example.org/api/v2/devices/x',
    '//evil.com/api/v2/devices/x',
    '/api/v2/devices/',
    '/api/v2/devices/x/y',
    '/api/v2/devices/%2e%2e',
    '/api/v2/devices/../users/x',
    `javascript:${ID}`,
    ID,
  ])('is not %s', (uri) => {
    expect(() => new Uris(() => 'https://example.org').deviceIn('targetDeviceUri', uri)).toThrow(
      /^targetDeviceUri must be the URI of a device/,
    );
  });

  it('whatever is sent, is an id or refused with the name of the parameter', () => {
    const uris = new Uris(() => 'http://127.0.0.1:8080');
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.webUrl(), fc.webPath()), (uri) => {
        expect(() => uris.deviceIn('targetDeviceUri', uri)).toThrow(/^targetDeviceUri must/);
      }),
    );
  });
});
