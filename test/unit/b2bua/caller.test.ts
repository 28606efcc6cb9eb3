import { describe, expect, it } from 'vitest';
import { Callers } from '../../../src/b2bua/caller.ts';
import { partiesOf } from '../../../src/b2bua/incoming.ts';
import type { StackRequest } from '../../../src/b2bua/stack.ts';
import type { Device } from '../../../src/coaching/device.ts';
import { message } from './message.ts';

const agent = { id: 'agent', phoneNumber: '5001' } as Device;
const directory = {
  device: () => agent,
  deviceByNumber: (number: string) => (number === '5001' ? agent : undefined),
  isActive: () => true,
};

function identified(headers: Readonly<Record<string, string>>, trustFrom = false) {
  const digest = { authenticate: () => ({ status: 407 }) };
  const callers = new Callers(directory, { addresses: ['10.0.0.7'], trustFrom }, digest);
  const source = { source_address: '10.0.0.7', source_port: 5060 };
  return callers.identify(Object.assign(message(headers), source) as StackRequest);
}

const shown = { From: '"Ada" <sip:5001@far.example>;tag=1' };
const asserted = (number: string) => ({ ...shown, 'P-Asserted-Identity': `<sip:${number}@10.0.0.7>` });

describe('who calls by way of the switch', () => {
  it('is a device when the switch asserts it, not when it merely shows its number', () => {
    const number = { phoneNumber: '5001', displayName: 'Ada' };
    expect(identified(asserted('5001'))).toMatchObject({ from: 'agent', party: { ...number, deviceId: 'agent' } });
    expect(identified(shown)).toMatchObject({ from: 'switch', party: { ...number, deviceId: undefined } });
    expect(identified(asserted('1001'))).toMatchObject({ party: { phoneNumber: '1001', deviceId: undefined } });
    expect(identified({ ...shown, 'P-Asserted-Identity': '<sip:10.0.0.7>' })).toMatchObject({ from: 'switch' });
  });

  it('is what it shows where From is to be trusted', () => {
    expect(identified(shown, true)).toMatchObject({ from: 'agent' });
    expect(identified(asserted('1001'), true)).toMatchObject({ from: 'switch' });
  });
});

describe('the parties of a call', () => {
  it('are never one device: the callee is it', () => {
    const [one, other] = [{ deviceId: 'agent' }, { deviceId: 'other' }];
    expect(partiesOf(one, one)).toEqual({ caller: { deviceId: undefined }, callee: one, type: 'Inbound' });
    expect(partiesOf(one, other)).toEqual({ caller: one, callee: other, type: 'Internal' });
    expect(partiesOf({ deviceId: undefined }, { deviceId: undefined }).type).toBe('Inbound');
  });
});
