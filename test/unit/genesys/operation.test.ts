import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDeviceOperation, parseUserOperation } from '../../../src/genesys/operation.ts';
import { RequestError } from '../../../src/genesys/status.ts';

describe('operations', () => {
  it('have the documented defaults', () => {
    expect(parseDeviceOperation({ operationName: 'Coach', targetDeviceUri: 'x' })).toEqual({
      operationName: 'Coach',
      targetDeviceUri: 'x',
      supervisorMonitoringScope: 'Call',
      supervisorMonitoringMode: 'AllCalls',
    });
    expect(parseDeviceOperation({ operationName: 'CancelSupervisorMonitoring' })).toMatchObject({ leaveCall: true });
    expect(parseUserOperation({ operationName: 'StartContactCenterSession' })).toMatchObject({ channels: ['voice'] });
  });

  it('let other parameters pass, as the documented server does', () => {
    expect(parseUserOperation({ operationName: 'EndContactCenterSession', more: 1 })).toMatchObject({
      operationName: 'EndContactCenterSession',
    });
  });

  it('whatever else is sent, is refused with a RequestError and nothing else', () => {
    fc.assert(
      fc.property(fc.anything(), (body) => {
        expect(() => parseDeviceOperation(body)).toThrow(RequestError);
      }),
    );
  });
});
