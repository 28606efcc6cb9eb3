import { setTimeout as pause } from 'node:timers/promises';
import { AGENT, type Lab, SUPERVISOR, type Trio } from '../support/lab.ts';
import { spokenBy } from '../support/speech.ts';
import type { Phone } from '../support/phone.ts';
import type { Moments, Recording } from './recording.ts';

/** How long the parts of the call last, ms. */
export interface Lengths {
  readonly before: number;
  readonly coached: number;
  readonly after: number;
}

export interface Telling {
  /** One line for every step taken. */
  readonly step: (line: string) => void;
  /** The phones are there: from now on there may be something to hear. */
  readonly phones: (trio: Trio) => void;
}

/** Longest time that one step of the call may take, ms: what takes longer has failed. */
const within = 5000;

/** Shortened for people. */
const supervisorPath = `/api/v2/me/devices/${SUPERVISOR.slice(0, 8)}…`;

/**
 * Plays the call: the customer calls the agent, a supervisor coaches it through the HTTP API and leaves again. A step that fails
 * ends the call and stands in the recording; what was heard until then is there too.
 * @throws Error when the phones cannot be opened.
 */
export async function playCall(lab: Lab, lengths: Lengths, telling: Telling, signal: AbortSignal): Promise<Recording> {
  const [customer, agent, supervisor] = await Promise.all([
    spokenBy('customer'),
    spokenBy('agent'),
    spokenBy('supervisor'),
  ]);
  const trio = await lab.trio({
    customer: { voice: customer },
    agent: { voice: agent },
    supervisor: { voice: supervisor },
  });
  telling.step('Three phones are ready: customer, agent (5001) and supervisor (5005)');
  telling.phones(trio);
  const moments: Moments = { begun: performance.now() };
  try {
    await takeSteps(lab, trio, lengths, moments, telling.step, signal);
    return { moments, oracle: trio.oracle };
  } catch (error) {
    moments.ended ??= performance.now();
    // The first line says what was waited for; the SIP of the phone follows it.
    const [failure = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    return { moments, oracle: trio.oracle, failure };
  }
}

async function takeSteps(
  lab: Lab,
  trio: Trio,
  lengths: Lengths,
  moments: Moments,
  step: Telling['step'],
  signal: AbortSignal,
): Promise<void> {
  const { customer, agent, supervisor } = trio;
  const call = await lab.call(trio);
  moments.established = performance.now();
  step(`The customer has called the agent; ${pathBetween(customer, agent)}`);
  await pause(lengths.before, undefined, { signal });

  const joined = Promise.all([
    agent.probe.hears(supervisor.voice, { within }),
    supervisor.probe.hears([customer.voice, agent.voice], { within }),
  ]);
  moments.coachAsked = performance.now();
  const accepted = lab.coach().then(() => {
    moments.coachAccepted = performance.now();
    step(`POST ${supervisorPath}  Coach ${AGENT.slice(0, 8)}…  → {"statusCode":0}`);
  });
  const [[whisper]] = await Promise.all([joined, accepted]);
  moments.supervisorIn = whisper.at;
  step('The agent hears the supervisor, and the supervisor hears both');
  await pause(lengths.coached, undefined, { signal });

  moments.cancelAsked = performance.now();
  await lab.cancel();
  step(`POST ${supervisorPath}  CancelSupervisorMonitoring  → {"statusCode":0}`);
  await lab.event('supervision.ended', { within });
  await lab.event('room.released', { within });
  moments.released = performance.now();
  await Promise.all([customer.probe.hears(agent.voice, { within }), agent.probe.hears(customer.voice, { within })]);
  step(`The supervisor is out; ${pathBetween(customer, agent)}`);
  await pause(lengths.after, undefined, { signal });

  if (call.ending !== undefined) throw new Error(`the call was lost: ${JSON.stringify(call.ending)}`);
  moments.ended = performance.now();
  await call.hangUp();
  await lab.event('call.ended', { within });
  step('The customer hangs up');
}

/** Whether the phones send to each other is read from where their latest packets came from. */
function pathBetween(one: Phone, other: Phone): string {
  const from = (listener: Phone, speaker: Phone) =>
    listener.probe.received.at(-1)?.source === `${speaker.probe.address}:${speaker.probe.port}`;
  return from(one, other) && from(other, one)
    ? 'their sound flows directly between the two phones'
    : 'their sound flows through the mixer';
}
