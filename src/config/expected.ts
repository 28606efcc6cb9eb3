import { z } from 'zod';

/*
 * The leaves of the configuration. Each says in one phrase what it expects; the phrase follows "expected" in an error.
 */

export const text = z.string({ error: 'a text' }).min(1, { error: 'a text that is not empty' });
export const host = text.regex(/^[\w.:-]+$/, { error: 'a host name or an IP address' });
/** The name of a SIP profile of FreeSWITCH. */
export const profile = z.string({ error: 'the name of a SIP profile' }).regex(/^[\w-]+$/, {
  error: 'the name of a SIP profile',
});
export const flag = z.boolean({ error: 'true or false' });

/** 0 asks the system for any free port. */
export const port = z
  .int({ error: 'a port number from 0 to 65535' })
  .min(0, { error: 'a port number from 0 to 65535' })
  .max(65535, { error: 'a port number from 0 to 65535' });

/** A whole number within bounds; `unit` names what is counted. */
export function count(unit: string, min: number, max: number) {
  const error = `a whole number of ${unit} from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

export function oneOf<const T extends readonly [string, ...string[]]>(...values: T) {
  return z.enum(values, { error: `one of ${values.join(', ')}` });
}

export const sipUri = z.string({ error: 'a SIP URI such as sip:10.0.0.1:5060' }).regex(/^sips?:[^\s<>]+$/i, {
  error: 'a SIP URI such as sip:10.0.0.1:5060',
});

export const webUrl = z
  .url({ protocol: /^https?$/, error: 'an http or https URL' })
  .transform((url) => url.replace(/\/+$/, ''));

/** `rediss:` is over TLS; a password may stand in it too. */
export const redisUrl = z.url({ protocol: /^rediss?$/, error: 'a URL such as redis://127.0.0.1:6379' });

/** An address or a network in CIDR notation. */
export const network = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], {
  error: 'an IP address or a network such as 10.0.0.0/24',
});

export const phoneNumber = z
  .string({ error: 'a phone number: digits, perhaps with a leading +' })
  .regex(/^\+?[0-9*#]{1,32}$/, { error: 'a phone number: digits, perhaps with a leading +' });

/** As `earpiece hash-password` writes it: `$scrypt$ln=…,r=…,p=…$salt$hash`. */
export const passwordHash = z
  .string({ error: 'a hash made by "earpiece hash-password"' })
  .regex(/^\$scrypt\$ln=\d{1,2},r=\d{1,2},p=\d{1,2}\$[\w+/]+={0,2}\$[\w+/]+={0,2}$/, {
    error: 'a hash made by "earpiece hash-password"',
  });

/** A hash in hexadecimal digits, `bits` wide. */
export function hexadecimal(bits: number) {
  const error = `${bits / 4} hexadecimal digits`;
  return z.string({ error }).regex(new RegExp(`^[0-9a-f]{${bits / 4}}$`, 'i'), { error });
}

/** A mapping that may have these keys and no other. */
export function section<S extends z.core.$ZodShape>(shape: S) {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys' ? unknown(issue.keys, known) : `a mapping of ${known.join(', ')}`,
  });
}

/** One line per unknown key, in their order. */
function unknown(keys: readonly string[], known: readonly string[]): string {
  return keys.map((key) => `one of ${known.join(', ')}${suggestion(key, known)}`).join('\n');
}

function suggestion(key: string, known: readonly string[]): string {
  const [nearest] = known
    .map((candidate) => ({ candidate, distance: editDistance(key.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ distance, candidate }) => distance <= Math.max(2, candidate.length / 3))
    .sort((a, b) => a.distance - b.distance);
  return nearest === undefined ? '' : ` (did you mean ${nearest.candidate}?)`;
}

/** Levenshtein's distance: how many letters must be added, taken away or replaced. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (const [i, letter] of Array.from(a).entries()) {
    const next = [i + 1];
    for (const [j, other] of Array.from(b).entries()) {
      const replaced = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
