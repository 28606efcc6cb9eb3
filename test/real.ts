/**
 * The end-to-end tests on a real drachtio-server and real FreeSWITCH servers, named by their addresses:
 *
 *     EARPIECE_DRACHTIO=127.0.0.1:9022 EARPIECE_FREESWITCH=127.0.0.1:8021 npm run test:real -- [what vitest takes]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { realEngines, versionOf } from './support/real-engines.ts';

const { engines, problems } = realEngines();
if (problems.length > 0) refuse(problems.join('; '));
try {
  const versions = await Promise.all(engines.map((engine) => versionOf(engine)));
  console.log(`On ${versions.join(', ')}`);
} catch (error) {
  refuse(error instanceof Error ? error.message : String(error));
}

const vitest = spawn('npx', ['vitest', 'run', '--project', 'e2e', ...process.argv.slice(2)], { stdio: 'inherit' });
const [code] = (await once(vitest, 'exit')) as [number | null];
process.exitCode = code ?? 1;

function refuse(why: string): never {
  console.error(`test:real: ${why}`);
  process.exit(2);
}
