import { spawnSync } from 'node:child_process';
import { findExecutable } from './executables.ts';

/** Programs the tests drive real calls with, and the Debian packages they come in. */
const packages = {
  sipp: 'sip-tester',
  baresip: 'baresip-core',
  kamailio: 'kamailio',
  'redis-server': 'redis-server',
} as const;

/**
 * Before all tests: installs SIPp, baresip, Kamailio and Redis where that is possible. Where it is not, one line says what is missing, and
 * the tests that need it are skipped.
 */
export default function setup(): void {
  const missing = () => Object.entries(packages).filter(([program]) => findExecutable(program) === undefined);
  const wanted = missing().map(([, name]) => name);
  if (wanted.length === 0) return;
  if (process.getuid?.() === 0 && findExecutable('apt-get') !== undefined) install(wanted);
  const left = missing().map(([program, name]) => `${program} (Debian package ${name})`);
  if (left.length > 0) console.warn(`Not installed: ${left.join(', ')}; the tests that use it are skipped.`);
}

function install(names: readonly string[]): void {
  const aptGet = (...args: string[]): boolean => {
    // In run level 1 the package of a server does not start it.
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
    return spawnSync('apt-get', args, { env, stdio: 'ignore', timeout: 120_000 }).status === 0;
  };
  const attempt = () => aptGet('install', '-y', '--no-install-recommends', ...names);
  if (!attempt() && aptGet('update')) attempt();
}
