import { type Logger, pino } from 'pino';

export type { Logger } from 'pino';

/** Where secrets may turn up in a log line. */
const SECRETS = [
  'password',
  'secret',
  'authorization',
  'cookie',
  '*.password',
  '*.secret',
  '*.authorization',
  '*.cookie',
];

/**
 * The root logger: one JSON line per event on standard output. `level` is a pino level. No call waits for whoever reads the lines; what is not
 * written yet is when the process ends, unless it is killed.
 */
export function createLogger(level: string): Logger {
  const options = { name: 'earpiece', level, redact: { paths: SECRETS, censor: '…' } };
  return pino(options, pino.destination({ dest: 1, sync: false }));
}
