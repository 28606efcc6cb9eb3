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

/** The root logger: one JSON line per event on standard output. `level` is a pino level. */
export function createLogger(level: string): Logger {
  return pino({ name: 'earpiece', level, redact: { paths: SECRETS, censor: '…' } });
}
