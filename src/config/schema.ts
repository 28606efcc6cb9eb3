import { z } from 'zod';
import {
  count,
  flag,
  hexadecimal,
  host,
  network,
  oneOf,
  passwordHash,
  phoneNumber,
  port,
  profile,
  redisUrl,
  section,
  sipUri,
  text,
  webUrl,
} from './expected.ts';

/** Everything that can be configured, with its defaults. A file may say as little as it wants. */

const http = section({
  host: host.default('127.0.0.1'),
  port: port.default(8080),
  /** How clients reach us; without it the address listened on. It is the base of every URI in answers and messages. */
  publicUrl: webUrl.optional(),
  /** Demand the token of a GET in every POST, PUT and DELETE. */
  csrf: flag.default(false),
  sessionMinutes: count('minutes', 1, 1440).default(30),
});

const sip = section({
  /** `embedded`: the SIP server that comes along; `drachtio`: a drachtio-server somewhere. */
  engine: oneOf('embedded', 'drachtio').default('embedded'),
  /** Where the embedded SIP server listens. */
  host: host.default('127.0.0.1'),
  port: port.default(5060),
  drachtio: section({
    host: host.default('127.0.0.1'),
    port: port.default(9022),
    secret: text.default('cymru'),
  }).prefault({}),
  /** The realm of digest authentication (RFC 7616). */
  realm: text.default('earpiece'),
  /** The digests phones may use, the strongest first (RFC 8760). Older phones give up when they see any but MD5. */
  digest: z
    .array(oneOf('MD5', 'SHA-256'), { error: 'a list of MD5 and SHA-256' })
    .min(1, { error: 'at least one digest' })
    .default(['SHA-256', 'MD5']),
  switch: section({
    /** Whoever calls from here is the switch and needs no password. */
    addresses: z.array(network, { error: 'a list of addresses' }).default([]),
    /** Whether From says which agent calls, where the switch sends no P-Asserted-Identity. */
    trustFrom: flag.default(false),
    /** Where calls go that are not for one of our devices. */
    uri: sipUri.optional(),
    /** What we say when the switch asks for a password. */
    auth: section({ userName: text, password: text }).optional(),
  }).prefault({}),
  /** How long an agent's phone may ring. */
  ringSeconds: count('seconds', 1, 3600).default(180),
});

const media = section({
  /** `embedded`: the mixer that comes along; `freeswitch`: the servers listed below. */
  engine: oneOf('embedded', 'freeswitch').default('embedded'),
  /** `on-demand`: a call is anchored while it is monitored; `always`: from its beginning. */
  policy: oneOf('on-demand', 'always').default('on-demand'),
  /** Where the embedded mixer receives RTP. */
  host: host.default('127.0.0.1'),
  rtpPorts: section({ min: port.default(16384), max: port.default(32767) })
    .refine(({ min, max }) => max > min, { error: 'a port above min', path: ['max'] })
    .prefault({}),
  freeswitch: z
    .array(
      section({
        /** What it is called in /admin/media-servers and in the log; `host:port` without. */
        id: text.regex(/^[\w.~:-]+$/, { error: 'an id that can stand in a URL' }).optional(),
        host,
        port: port.default(8021),
        password: text.default('ClueCon'),
        /** Where this server finds us, when that is not `listenAddress`: behind address translation, in a container. */
        advertisedAddress: host.optional(),
        /** Its SIP profile for us; `drachtio_mrf` without. */
        profile: profile.optional(),
      }),
      { error: 'a list of servers' },
    )
    .default([]),
  /** Where FreeSWITCH connects back to us. */
  listenAddress: host.default('127.0.0.1'),
  /** How long a muted supervisor stays before it leaves, so that nobody hears the rest of it (below 60 ms leaks were measured). */
  settleMs: count('milliseconds', 60, 5000).default(100),
  conferenceProfile: text.default('earpiece'),
});

const monitoring = section({
  /** Whether a request joins the call the agent is in already. */
  intrusion: flag.default(true),
  severalSupervisors: flag.default(false),
  /** How long a supervisor's phone may ring. */
  answerSeconds: count('seconds', 1, 300).default(30),
});

const user = section({
  id: text,
  userName: text.regex(/^[^:]+$/, { error: 'a name without a colon' }),
  firstName: z.string({ error: 'a text' }).default(''),
  lastName: z.string({ error: 'a text' }).default(''),
  roles: z
    .array(oneOf('agent', 'supervisor', 'admin'), { error: 'a list of roles' })
    .min(1, { error: 'at least one role' }),
  passwordHash,
});

/** What a phone authenticates with: a password, or the hashes H(userName:realm:password) of RFC 7616 3.4.2. */
const credentials = section({
  userName: text,
  password: text.optional(),
  ha1: section({ md5: hexadecimal(128).optional(), sha256: hexadecimal(256).optional() }).optional(),
}).refine(({ password, ha1 }) => (password === undefined) !== (ha1 === undefined), { error: 'either password or ha1' });

const device = section({
  id: text.regex(/^[\w.~-]+$/, { error: 'an id that can stand in a URL' }),
  phoneNumber,
  /** The userName of the person whose phone this is. */
  owner: text.optional(),
  /** How the phone registers. */
  sip: credentials.optional(),
  /** Where the phone is, when it does not register here; with neither it is at the switch, under its number. */
  address: sipUri.optional(),
  /** Ask the phone to go off hook by itself when it is dialled as a supervisor. */
  autoAnswer: flag.default(false),
});

const store = section({
  /** `file`: kept on this machine; `redis`: shared by several Earpieces; `memory`: forgotten when the process ends. */
  kind: oneOf('file', 'redis', 'memory').default('file'),
  /** The folder of the file store. */
  path: text.default('./earpiece-data'),
  redis: section({
    url: redisUrl.default('redis://127.0.0.1:6379'),
    password: text.optional(),
    /** What every key begins with: Earpieces with the same prefix are one. */
    prefix: text.default('earpiece:'),
    /** Where the other Earpieces find this one's control plane; without it the address listened on, or this machine's. */
    siblingUrl: webUrl.optional(),
  }).prefault({}),
});
const log = section({
  level: oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent').default('info'),
});

export const configSchema = section({
  http: http.prefault({}),
  sip: sip.prefault({}),
  media: media.prefault({}),
  monitoring: monitoring.prefault({}),
  store: store.prefault({}),
  log: log.prefault({}),
  /** How long a process that is asked to end waits for the calls that are up. */
  drainSeconds: count('seconds', 0, 86_400).default(30),
  users: z.array(user, { error: 'a list of users' }).default([]),
  devices: z.array(device, { error: 'a list of devices' }).default([]),
});

type Frozen<T> = T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T;

export type Config = Frozen<z.output<typeof configSchema>>;
