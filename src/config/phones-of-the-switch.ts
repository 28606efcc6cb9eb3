import type { z } from 'zod';
import type { configSchema } from './schema.ts';

type Configuration = z.output<typeof configSchema>;

/** A telephone that neither registers here nor has an address is one of the switch: there, under its number. */
export function withPhonesOfTheSwitch(config: Configuration): Configuration {
  const { uri } = config.sip.switch;
  if (uri === undefined) return config;
  const devices = config.devices.map((device) =>
    device.sip === undefined && device.address === undefined
      ? { ...device, address: numberAt(device.phoneNumber, uri) }
      : device,
  );
  return { ...config, devices };
}

/** The switch's URI with another user part. */
function numberAt(phoneNumber: string, switchUri: string): string {
  const user = phoneNumber.replaceAll('#', '%23'); // The one character of a number that a user part may not have (RFC 3261 25.1).
  return switchUri.replace(/^(sips?:)(?:[^@]*@)?/i, `$1${user}@`);
}
