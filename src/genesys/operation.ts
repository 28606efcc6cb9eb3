import { z } from 'zod';
import { RequestError } from './status.ts';

/** The bodies of POST requests: `operationName` says what to do, the rest are its parameters. Others are ignored. */

function oneOf<const T extends readonly [string, ...string[]]>(...values: T) {
  return z.enum(values, { error: `must be one of ${values.join(', ')}` });
}

/** Scope and mode mean what they mean in the core; their defaults are the documented ones. */
const monitor = z.object({
  operationName: z.enum(['ListenIn', 'Coach', 'BargeIn']),
  targetDeviceUri: z.string({ error: 'must be the URI of a device' }),
  supervisorMonitoringScope: oneOf('Call', 'Agent').default('Call'),
  supervisorMonitoringMode: oneOf('AllCalls', 'NextCall').default('AllCalls'),
  phoneNumber: z.string({ error: 'must be a text' }).optional(),
});

const cancel = z.object({
  operationName: z.literal('CancelSupervisorMonitoring'),
  leaveCall: z.boolean({ error: 'must be true or false' }).default(true),
});

const deviceOperation = named([monitor, cancel], ['ListenIn', 'Coach', 'BargeIn', 'CancelSupervisorMonitoring']);

const startSession = z.object({
  operationName: z.literal('StartContactCenterSession'),
  channels: z.array(oneOf('voice'), { error: 'must be a list of channels' }).default(['voice']),
});

const endSession = z.object({ operationName: z.literal('EndContactCenterSession') });

const userOperation = named([startSession, endSession], ['StartContactCenterSession', 'EndContactCenterSession']);

const drain = z.object({ operationName: z.literal('Drain') });
const undrain = z.object({ operationName: z.literal('Undrain') });

const mediaServerOperation = named([drain, undrain], ['Drain', 'Undrain']);

export type DeviceOperation = z.output<typeof deviceOperation>;
export type MonitorOperation = z.output<typeof monitor>;
export type UserOperation = z.output<typeof userOperation>;
export type MediaServerOperation = z.output<typeof mediaServerOperation>;

/** What is asked of a device. Throws `parameter-missing`, `parameter-invalid`. */
export const parseDeviceOperation = (body: unknown): DeviceOperation => parse(deviceOperation, body);

/** What is asked of the user who is logged in. Throws `parameter-missing`, `parameter-invalid`. */
export const parseUserOperation = (body: unknown): UserOperation => parse(userOperation, body);

/** What is asked of a media server. Throws `parameter-missing`, `parameter-invalid`. */
export const parseMediaServerOperation = (body: unknown): MediaServerOperation => parse(mediaServerOperation, body);

function named<const T extends readonly [z.core.$ZodTypeDiscriminable, ...z.core.$ZodTypeDiscriminable[]]>(
  operations: T,
  names: readonly string[],
) {
  const error = (issue: { readonly code: string }) =>
    issue.code === 'invalid_union' ? `must be one of ${names.join(', ')}` : 'must be a JSON object';
  return z.discriminatedUnion('operationName', operations, { error });
}

function parse<S extends z.ZodType>(schema: S, body: unknown): z.output<S> {
  const parsed = schema.safeParse(body ?? {});
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map(({ path, message }) => {
    const name = path.map(String).join('.');
    return {
      missing: name !== '' && valueAt(body, path) === undefined,
      name: name === '' ? 'the body' : name,
      message,
    };
  });
  const missing = wrong.some((parameter) => parameter.missing);
  const messages = wrong.map(({ name, message, missing }) =>
    missing ? `${name} is required: it ${message}` : `${name} ${message}`,
  );
  throw new RequestError(missing ? 'parameter-missing' : 'parameter-invalid', messages.join('; '));
}

function valueAt(body: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, part) => (Object(value) as Record<PropertyKey, unknown>)[part], body);
}
