/**
 * Measures the compiled product in a process of its own, the load beside it; six minutes, with --quick one. On its own engines,
 * or on real ones where EARPIECE_DRACHTIO and EARPIECE_FREESWITCH name them (host:port; their secrets: cymru, ClueCon).
 *
 *     npm run bench -- [--quick] [--only delay|coaching|always|mixer|setup|bare|fleet|memory] [--json FILE]
 */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { measureAlwaysAnchored } from './always-anchored.ts';
import { measureBesideBareB2bua } from './bare-b2bua.ts';
import { measureCallSetup } from './call-setup.ts';
import { measureCoaching } from './coaching.ts';
import { enginesInWords, onRealEngines } from './engines.ts';
import { measureFleet } from './fleet.ts';
import type { Bench, Row } from './measurement.ts';
import { measureMemory } from './memory.ts';
import { measureMixerLoad } from './mixer-load.ts';
import { cpuPressure } from './procfs.ts';
import { renderTable } from './report.ts';
import { measureWhisperDelay } from './whisper-delay.ts';

const BENCHES: Readonly<Record<string, Bench>> = {
  delay: measureWhisperDelay,
  coaching: measureCoaching,
  always: measureAlwaysAnchored,
  // The embedded mixer alone; FreeSWITCH's CPU is measured with the delay.
  ...(onRealEngines ? {} : { mixer: measureMixerLoad }),
  setup: measureCallSetup,
  ...(onRealEngines ? { bare: measureBesideBareB2bua } : {}),
  fleet: measureFleet,
  memory: measureMemory,
};

const { values: options } = parseArgs({
  options: { quick: { type: 'boolean' }, only: { type: 'string', multiple: true }, json: { type: 'string' } },
});
const names = options.only ?? Object.keys(BENCHES);
const unknown = names.filter((name) => !(name in BENCHES));
if (unknown.length > 0) {
  console.error(`there is no ${unknown.join(', ')}; there are ${Object.keys(BENCHES).join(', ')}`);
  process.exit(2);
}

const root = fileURLToPath(new URL('../../', import.meta.url));
await promisify(execFile)('npm', ['run', '--silent', 'build'], { cwd: root });

const rows: Row[] = [];
const begun = performance.now();
for (const name of names) {
  const progress = (what: string) => {
    const seconds = ((performance.now() - begun) / 1000).toFixed(0);
    console.error(`${seconds.padStart(4)} s  ${name}: ${what}`);
  };
  const measured = await BENCHES[name]?.({ quick: options.quick ?? false, progress });
  rows.push(...(measured ?? []));
}

const on = await enginesInWords();
const pressure = await cpuPressure();
const waiting =
  pressure === undefined ? '' : `, ${(pressure * 100).toFixed(0)} % of the time something waits for a CPU`;
console.log(`\n${renderTable(rows)}\n\nOn ${on}; Node ${process.version}, ${cpus().length} cores${waiting}`);
if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(rows, undefined, 2)}\n`);
