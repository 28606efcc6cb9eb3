import http from 'node:http';
import https from 'node:https';
import { hostname } from 'node:os';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import type { InstanceId } from '../../coaching/instance.ts';
import { parseJson } from '../stored-state.ts';

/** What an instance lets the others know of itself; nothing yet, when it is only spoken of. */
const whereabouts = z.object({
  /** Where its control plane listens, and the name of the machine that it is on. */
  url: z.string().optional(),
  machine: z.string().optional(),
  /** It said good-bye. */
  left: z.boolean().optional(),
});
export type Whereabouts = z.output<typeof whereabouts>;

export const LEFT: Whereabouts = { left: true };

export const whereaboutsOf = (url: string): Whereabouts => ({ url, machine: hostname() });

export const parseWhereabouts = (text: string): Whereabouts => whereabouts.safeParse(parseJson(text)).data ?? {};

/**
 * What was found where an instance should be: it; certainly not it (nobody listens, or another instance does); or nothing that
 * says so or so.
 */
export type Sign = 'alive' | 'dead' | 'silent';

const health = z.object({ instance: z.string() });

/** Asks GET /health for the instance's name. Never rejects; settles within `answerMs`. */
export async function lookFor(id: InstanceId, where: Whereabouts, answerMs: number): Promise<Sign> {
  if (where.left === true) return 'dead';
  // The loopback address of another machine is nothing that can be asked from here.
  if (where.url === undefined || (isLoopback(where.url) && where.machine !== hostname())) return 'silent';
  try {
    const found = health.safeParse(parseJson(await answerOf(`${where.url}/health`, answerMs))).data;
    // Something between us and it may have answered, too.
    if (found === undefined) return 'silent';
    return found.instance === id ? 'alive' : 'dead';
  } catch (error) {
    return isRefused(error) ? 'dead' : 'silent';
  }
}

function answerOf(url: string, answerMs: number): Promise<string> {
  const get = url.startsWith('https:') ? https.get : http.get;
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false, signal: AbortSignal.timeout(answerMs) }, (response) => {
      text(response).then(resolve, reject);
    });
    request.on('error', reject);
  });
}

const isLoopback = (url: string): boolean => /^https?:\/\/(127\.|localhost[:/]?|\[::1\])/i.test(url);

/** A connection to a name with several addresses is refused when all of them refuse. */
function isRefused(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.every(isRefused);
  if (!(error instanceof Error)) return false;
  return ('code' in error && error.code === 'ECONNREFUSED') || isRefused(error.cause);
}
