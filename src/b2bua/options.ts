import type { CallRecords } from '../coaching/ports.ts';
import type { Credentials, DigestAlgorithm } from './digest.ts';
import type { Registrar } from './registrar.ts';

export interface B2buaOptions {
  readonly drachtio: { readonly host: string; readonly port: number; readonly secret: string };
  readonly switch: {
    /** Who calls from here is the switch: addresses or networks, with or without a port. */
    readonly addresses: readonly string[];
    /** Whether From says which device calls where the switch asserts nothing: only where no trunk can show an agent's number. */
    readonly trustFrom?: boolean;
    /** Where calls go that are not for a device; without it they go nowhere. */
    readonly uri?: string | undefined;
    /** What we tell the switch when it asks for a password. */
    readonly auth?: { readonly username: string; readonly password: string } | undefined;
  };
  /** The realm of digest authentication, and the domain of the numbers. */
  readonly realm: string;
  readonly registrar: Registrar;
  /** The credentials of whoever logs in by this name. */
  readonly credentials: (userName: string) => Credentials | undefined;
  readonly algorithms?: readonly DigestAlgorithm[];
  /** How long phones may ring, in milliseconds. */
  readonly ringMs?: { readonly callee: number; readonly supervisor: number };
  /** Headers that make a phone go off hook by itself. */
  readonly autoAnswerHeaders?: Readonly<Record<string, string>>;
  /** Where is written down what a later process needs; without it a crash loses the calls. */
  readonly records?: CallRecords;
  /** What nonces are sealed with, where several share that. */
  readonly nonceKey?: () => Buffer;
  /** How long drachtio may take to answer for the first time before that is complained of, in milliseconds. */
  readonly connectMs?: number;
}

export const DEFAULTS = {
  algorithms: ['SHA-256', 'MD5'],
  ringMs: { callee: 180_000, supervisor: 30_000 },
  /** The first is understood by most phones, the second by the older ones of Polycom, Snom and Yealink. */
  autoAnswerHeaders: {
    'Call-Info': '<sip:earpiece>;answer-after=0',
    'Alert-Info': '<http://earpiece.invalid>;info=alert-autoanswer;delay=0',
  },
  connectMs: 10_000,
} as const satisfies Partial<B2buaOptions>;
