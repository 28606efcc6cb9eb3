#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { App } from './app.ts';
import { EarpieceError } from './coaching/errors.ts';
import { ConfigError, loadConfig } from './config.ts';
import { hashPasswordCommand } from './http/hash-password-command.ts';
import { createLogger } from './log.ts';

const USAGE = `usage: earpiece [start] [--config FILE]
       earpiece check-config [--config FILE]
       earpiece hash-password            reads the password from standard input`;

/** Exit codes: 0 done, 1 it failed, 2 it was asked for wrongly (sysexits knows more; nobody reads them). */
async function main(args: readonly string[]): Promise<void> {
  const [command = 'start', ...rest] = args[0]?.startsWith('-') === true ? ['start', ...args] : args;
  if (command === 'hash-password' && rest.length === 0) {
    const { stdin: input, stdout: output, stderr: prompt } = process;
    if (!(await hashPasswordCommand({ input, output, prompt }))) process.exitCode = 1;
    return;
  }
  const path = configPath(rest);
  if (!['start', 'check-config'].includes(command) || path === null) {
    console.error(USAGE);
    process.exitCode = 2;
    return;
  }
  const config = loadConfig(path, process.env);
  if (command === 'start') return run(config);
  console.log('the configuration is fine');
}

async function run(config: ReturnType<typeof loadConfig>): Promise<void> {
  const log = createLogger(config.log.level);
  let app = undefined as App | undefined;
  let endings = 0;
  // The calls that are up come first: they are given time to end by themselves. Asked a second time, it does not wait.
  const end = (reason: string, code: number) => {
    log.info({ reason }, endings++ === 0 ? 'draining' : 'closing');
    process.exitCode ??= code;
    if (app === undefined) process.exit();
    const patience = endings === 1 ? config.drainSeconds * 1000 : 0;
    const running = app;
    void running
      .drain(patience)
      .then(() => running.close())
      .catch((error: unknown) => {
        log.fatal({ err: error }, 'closing failed');
        process.exitCode = 1;
      })
      .finally(() => process.exit());
    // Whoever asks a third time means it.
    if (endings > 2) process.exit(1);
  };
  // Neither should ever happen. What goes on is not harmed by it; this process takes no more.
  const fault = (kind: string) => (error: unknown) => {
    log.fatal({ err: error }, kind);
    process.exitCode = 1;
    if (endings === 0) end(kind, 1);
  };
  process.on('uncaughtException', fault('uncaught exception'));
  process.on('unhandledRejection', fault('unhandled rejection'));
  process.on('SIGTERM', () => end('SIGTERM', 0));
  process.on('SIGINT', () => end('SIGINT', 0));
  process.once('exit', (code) => log.info({ code }, 'ended'));

  app = await App.start(config, log, packageVersion());
  await app.ready;
  log.info({ http: app.httpUrl, sip: app.sipAddress }, 'earpiece is ready');
}

/** The file named by --config, `undefined` without one, `null` when the arguments make no sense. */
function configPath(args: readonly string[]): string | undefined | null {
  if (args.length === 0) return undefined;
  return args.length === 2 && args[0] === '--config' ? (args[1] ?? null) : null;
}

function packageVersion(): string {
  const file = new URL('../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

main(process.argv.slice(2)).catch((error: unknown) => {
  // Both say all there is to say.
  const known = error instanceof ConfigError || error instanceof EarpieceError;
  console.error(known ? error.message : error);
  process.exitCode = 1;
});
