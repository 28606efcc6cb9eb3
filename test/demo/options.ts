import { parseArgs } from 'node:util';

/** What the demo was asked for. */
export type Request =
  | { readonly kind: 'play'; readonly json: boolean; readonly folder: string }
  | { readonly kind: 'help' }
  | { readonly kind: 'refused'; readonly reason: string };

export const usage = `usage: npm run demo [-- OPTIONS]

Three simulated phones make a call, and a supervisor coaches it in the middle: all over real SIP, RTP and HTTP,
on free ports of this machine. What each of them heard is written down and measured.

  --out DIR   where the sound and the picture go (default demo-out)
  --json      progress goes to stderr, and the last line on stdout is one JSON object
  --help      this text

Exit code: 0 every promise was kept, 1 one was broken, 2 the options are wrong.

EARPIECE_DRACHTIO=host:port and EARPIECE_FREESWITCH=host:port play it on the real servers.`;

export function readOptions(args: readonly string[]): Request {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { json: { type: 'boolean' }, out: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    });
    if (values.help === true) return { kind: 'help' };
    if (values.out === '') return { kind: 'refused', reason: '--out needs the name of a folder' };
    return { kind: 'play', json: values.json ?? false, folder: values.out ?? 'demo-out' };
  } catch (error) {
    // parseArgs explains at length, over several sentences; the first one says it.
    const [reason = ''] = (error instanceof Error ? error.message : String(error)).split(/\. |\n/);
    return { kind: 'refused', reason };
  }
}
