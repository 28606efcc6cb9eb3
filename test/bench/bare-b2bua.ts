import { randomUUID } from 'node:crypto';
import type { SipTarget } from '../../src/embedded/sip/transport.ts';
import { SECRETS, realEngines } from '../support/real-engines.ts';
import { Sipp, type SippResult } from '../support/sipp.ts';
import type { BareB2buaAnswer, BareB2buaCount, BareB2buaQuestion } from './bare-b2bua-process.ts';
import type { Effort, Row } from './measurement.ts';
import { PeerProcess } from './peer-process.ts';
import { cpuTime } from './procfs.ts';
import { Product } from './product.ts';

const AGENT = '6000';
/** Of the two together: drachtio deals the calls out one by one. */
const SHARED_RATES = [200, 600];
const RATE_ALONE = 500;
const HIGHEST_RATIO = 1.5;
const HOLD_MS = 200;

/** Earpiece beside a B2BUA that does nothing else: on the same real drachtio-server, at the same time, each with every other call. */
export async function measureBesideBareB2bua({ quick, progress }: Effort): Promise<readonly Row[]> {
  const drachtio = realEngines().engines.find(({ kind }) => kind === 'drachtio-server');
  if (drachtio === undefined) return [];
  const seconds = quick ? 5 : 20;
  await using callee = await Sipp.start('uas', { calls: 1_000_000, timeoutSeconds: 900 });
  const address = `sip:${AGENT}@${callee.address}:${callee.port}`;
  const device = { id: randomUUID(), phoneNumber: AGENT, owner: 'agent1', address, autoAnswer: false };
  await using product = await Product.start([device]);
  const load = (rate: number, lasting: number) => called(product.sip, rate, lasting);

  progress(`${RATE_ALONE} calls/s`);
  await load(RATE_ALONE / 2, 3);
  const before = await cpuTime(product.pid);
  const alone = await load(RATE_ALONE, seconds);
  const rows = [aloneRow(alone, (await cpuTime(product.pid)) - before)];

  const bare = await BareB2bua.start({ drachtio: { ...drachtio, secret: SECRETS.drachtio }, callee: address });
  try {
    await load(SHARED_RATES[0] ?? 0, 5);
    for (const rate of SHARED_RATES) {
      progress(`${rate} calls/s, half of them through a bare B2BUA`);
      const began = { ours: await cpuTime(product.pid), ...(await bare.spent()) };
      const result = await load(rate, seconds);
      const ended = { ours: await cpuTime(product.pid), ...(await bare.spent()) };
      const theirCalls = ended.calls - began.calls;
      const ours = (ended.ours - began.ours) / (result.created - theirCalls);
      rows.push(sharedRow(rate, result, ours, (ended.cpuMs - began.cpuMs) / theirCalls));
    }
  } finally {
    await bare.close();
  }
  return rows;
}

/** The process of bare-b2bua-process.ts, connected. */
class BareB2bua {
  readonly #peer: PeerProcess;

  private constructor(peer: PeerProcess) {
    this.#peer = peer;
  }

  static async start(question: BareB2buaQuestion): Promise<BareB2bua> {
    const peer = await PeerProcess.start(new URL('./bare-b2bua-process.ts', import.meta.url));
    await peer.ask<BareB2buaAnswer>(question);
    return new BareB2bua(peer);
  }

  async spent(): Promise<{ calls: number; cpuMs: number }> {
    const { calls } = await this.#peer.ask<BareB2buaCount>({ count: true });
    return { calls, cpuMs: await cpuTime(this.#peer.pid) };
  }

  close(): Promise<void> {
    return this.#peer[Symbol.asyncDispose]();
  }
}

async function called(remote: SipTarget, rate: number, seconds: number): Promise<SippResult> {
  const calls = rate * seconds;
  const sipp = await Sipp.start('uac-load', {
    remote,
    user: AGENT,
    rate,
    calls,
    holdMs: HOLD_MS,
    timeoutSeconds: seconds + 20,
  });
  return sipp.finished;
}

const complete = ({ failed, created, successful }: SippResult) => failed === 0 && successful === created;

const aloneRow = (result: SippResult, cpuMs: number): Row => ({
  what: `failed calls at ${RATE_ALONE} calls/s, direct media`,
  measured: `${result.failed} of ${result.created}`,
  target: '0',
  peers: '–',
  ok: complete(result),
  note: `${(cpuMs / result.created).toFixed(2)} ms of Earpiece's CPU for each`,
});

const sharedRow = (rate: number, result: SippResult, ours: number, theirs: number): Row => ({
  what: `CPU of Earpiece beside a bare createB2BUA, each with ${rate / 2} calls/s`,
  measured: `${(ours / theirs).toFixed(2)} ×`,
  target: `≤ ${HIGHEST_RATIO} ×`,
  peers: '1 ×',
  ok: ours / theirs <= HIGHEST_RATIO && complete(result),
  note: `${ours.toFixed(2)} ms a call, bare ${theirs.toFixed(2)} ms; ${result.failed} of ${result.created} calls failed`,
});
