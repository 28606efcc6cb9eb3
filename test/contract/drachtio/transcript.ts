import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { DrachtioServer } from '../../../src/embedded/drachtio/server.ts';
import type { RawApp } from './raw-app.ts';
import type { UdpPhone } from './udp-phone.ts';

/** One message of a recording of the real drachtio-server 0.9.10 with drachtio-srf 5.0.29. */
interface Line {
  readonly channel: 'sip-udp' | 'drachtio-admin';
  readonly from: string;
  readonly to: string;
  readonly text: string;
}

/** What differs from run to run: addresses, ids, tags, branches, byte counts, times, the CSeq of our own requests. */
const volatile = new RegExp(
  [
    String.raw`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`,
    String.raw`z9hG4bK\w+`,
    String.raw`(?<=tag=)\w+`,
    String.raw`(?<=127\.0\.0\.1[:|])\d+`,
    String.raw`(?<=rport=)\d+`,
    String.raw`(?<=\|(?:network|application)\|)\d+(?=\|)`,
    String.raw`\d\d:\d\d:\d\d\.\d{6}`,
    String.raw`(?<=CSeq: )\d+`,
  ].join('|'),
  'g',
);

/**
 * Plays a recording against the miniature: what the application and the phones sent is sent again, with the ids of this
 * run in place of the recorded ones; what the server sent must come again, byte by byte but for those ids.
 */
export class Transcript {
  readonly #lines: readonly Line[];
  /** Recorded value → value of this run. */
  readonly #live = new Map<string, string>();

  constructor(name: string) {
    const file = new URL(`../../fixtures/drachtio/${name}.jsonl`, import.meta.url);
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    this.#lines = lines.map((line) => JSON.parse(line) as Line);
  }

  async replay(server: DrachtioServer, app: RawApp, phones: Readonly<Record<string, UdpPhone>>): Promise<void> {
    this.#live.set('5060', String(server.sipPort));
    this.#live.set('5070', String(phones['caller']?.port));
    this.#live.set('5071', String(phones['agent']?.port));
    for (const { channel, from, to, text: raw } of this.#lines) {
      const text = normalise(channel === 'drachtio-admin' ? raw.slice(raw.indexOf('#') + 1) : raw);
      if (from === 'app') app.write(this.#translate(text));
      else if (from !== 'drachtio') phones[from]?.send(this.#translate(text), server.sipPort);
      else if (to === 'app') this.#match(text, await app.frames.next());
      else if (phones[to] !== undefined) this.#match(text, await phones[to].received.next());
    }
  }

  #translate(text: string): string {
    return text.replace(volatile, (value) => this.#live.get(value) ?? value);
  }

  /** The fixed text is the same, and the same value of the recording is always the same value of this run. */
  #match(recordedText: string, liveText: string): void {
    const recorded = inOrder(recordedText);
    const live = inOrder(liveText);
    const values = recorded.match(volatile) ?? [];
    const liveValues = live.match(volatile) ?? [];
    expect(live.replace(volatile, '…')).toBe(recorded.replace(volatile, '…'));
    values.forEach((value, at) => {
      const liveValue = liveValues[at] ?? '';
      if (isIdentity(value)) expect(liveValue, recorded).toBe(this.#live.get(value) ?? liveValue);
      if (!this.#live.has(value)) this.#live.set(value, liveValue);
    });
  }
}

/** Ids name the same thing wherever they stand; counts and times do not. */
const isIdentity = (value: string): boolean => /[a-zA-Z]|^50[67]\d$/.test(value);

/** Header lines by name: which of two different headers comes first means nothing (RFC 3261 7.3.1). */
function inOrder(text: string): string {
  const [head = '', ...body] = text.split('\r\n\r\n');
  const nameOf = (line: string): string => /^[\w-]+(?=: )/.exec(line)?.[0] ?? '';
  const sorted = head.split('\r\n').sort((one, other) => nameOf(one).localeCompare(nameOf(other)));
  return [sorted.join('\r\n'), ...body].join('\r\n\r\n');
}

/** The default port need not be written, and a free one has to be; the real server puts no brackets around a To it makes up. */
function normalise(text: string): string {
  return text.replace(/(SIP\/2\.0\/UDP 127\.0\.0\.1);/g, '$1:5060;').replace(/^To: (sip:[^\s;<>]+)/gm, 'To: <$1>');
}
