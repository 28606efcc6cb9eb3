import { readFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import type { Problem } from './problem.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** A value that an environment variable puts in the place of the file's. `*` in the path stands for every element of a list. */
export interface Override {
  readonly variable: string;
  readonly path: readonly string[];
  readonly value: unknown;
}

type Read = (value: string) => unknown;

const text: Read = (value) => value;
/** What is not a number stays a text, for the validation to complain about. */
const number: Read = (value) => (/^\d+$/.test(value) ? Number(value) : value);
const flag: Read = (value) => ({ true: true, false: false })[value] ?? value;
const list = (value: string): string[] => value.split(',').map((element) => element.trim());

/** `host:port,[2001:db8::7]:port`; the port may be left out. What makes no sense stays, for the validation to complain about. */
const servers: Read = (value) =>
  list(value).map((element) => {
    if (isIPv6(element)) return { host: element };
    const [, v6, name, port] = /^(?:\[([\da-f:.]+)\]|([^:]*))(?::(.*))?$/i.exec(element) ?? [];
    return { host: v6 ?? name ?? element, ...(port !== undefined && { port: number(port) }) };
  });

/** Which variable stands for which key. */
const VARIABLES: readonly (readonly [variable: string, path: string, read: Read])[] = [
  ['EARPIECE_HTTP_HOST', 'http.host', text],
  ['EARPIECE_HTTP_PORT', 'http.port', number],
  ['EARPIECE_PUBLIC_URL', 'http.publicUrl', text],
  ['EARPIECE_CSRF', 'http.csrf', flag],
  ['EARPIECE_SIP_ENGINE', 'sip.engine', text],
  ['EARPIECE_SIP_HOST', 'sip.host', text],
  ['EARPIECE_SIP_PORT', 'sip.port', number],
  ['EARPIECE_DRACHTIO_HOST', 'sip.drachtio.host', text],
  ['EARPIECE_DRACHTIO_PORT', 'sip.drachtio.port', number],
  ['EARPIECE_SWITCH_ADDRESSES', 'sip.switch.addresses', list],
  ['EARPIECE_SWITCH_URI', 'sip.switch.uri', text],
  ['EARPIECE_SWITCH_USER_NAME', 'sip.switch.auth.userName', text],
  ['EARPIECE_MEDIA_ENGINE', 'media.engine', text],
  ['EARPIECE_MEDIA_POLICY', 'media.policy', text],
  ['EARPIECE_MEDIA_HOST', 'media.host', text],
  ['EARPIECE_MEDIA_LISTEN_ADDRESS', 'media.listenAddress', text],
  ['EARPIECE_FREESWITCH', 'media.freeswitch', servers],
  ['EARPIECE_STORE_KIND', 'store.kind', text],
  ['EARPIECE_STORE_PATH', 'store.path', text],
  ['EARPIECE_REDIS_URL', 'store.redis.url', text],
  ['EARPIECE_REDIS_PREFIX', 'store.redis.prefix', text],
  ['EARPIECE_REDIS_SIBLING_URL', 'store.redis.siblingUrl', text],
  ['EARPIECE_LOG_LEVEL', 'log.level', text],
];

/** Secrets may also stand in a file, which the variable with `_FILE` behind it names. */
const SECRETS: readonly (readonly [variable: string, path: string])[] = [
  ['EARPIECE_DRACHTIO_SECRET', 'sip.drachtio.secret'],
  ['EARPIECE_SWITCH_PASSWORD', 'sip.switch.auth.password'],
  ['EARPIECE_FREESWITCH_PASSWORD', 'media.freeswitch.*.password'],
  ['EARPIECE_REDIS_PASSWORD', 'store.redis.password'],
];

/** What the environment says, in the order in which it is to be applied, and the secret files that could not be read. */
export function readEnvironment(env: Environment): { overrides: Override[]; problems: Problem[] } {
  const overrides: Override[] = [];
  const problems: Problem[] = [];
  for (const [variable, path, read] of VARIABLES) {
    const value = env[variable];
    if (value !== undefined) overrides.push({ variable, path: path.split('.'), value: read(value) });
  }
  for (const [variable, path] of SECRETS) {
    const found = secret(env, variable);
    if (found === undefined) continue;
    if ('failure' in found) problems.push({ place: found.from, key: path, message: found.failure });
    else overrides.push({ variable: found.from, path: path.split('.'), value: found.value });
  }
  return { overrides, problems };
}

function secret(env: Environment, variable: string) {
  const value = env[variable];
  if (value !== undefined) return { from: variable, value };
  const from = `${variable}_FILE`;
  const file = env[from];
  if (file === undefined) return undefined;
  try {
    return { from, value: readFileSync(file, 'utf8').trimEnd() };
  } catch (error) {
    return { from, failure: `expected the name of a file that can be read (${String(error)})` };
  }
}
