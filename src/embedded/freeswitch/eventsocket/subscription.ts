import type { SwitchEvent } from '../event.ts';

export type EventFormat = 'plain' | 'json';

interface Filter {
  readonly header: string;
  readonly value: string;
}

/** What `myevents` stands for: neither playbacks nor call states (mod_event_socket of FreeSWITCH 1.10.12). */
const OF_A_CHANNEL: readonly string[] = [
  ...['ANSWER', 'APPLICATION', 'BRIDGE', 'CREATE', 'DATA', 'DESTROY', 'EXECUTE', 'EXECUTE_COMPLETE', 'HANGUP'],
  ...['HANGUP_COMPLETE', 'ORIGINATE', 'UUID', 'OUTGOING', 'PARK', 'PROGRESS', 'PROGRESS_MEDIA', 'STATE', 'UNBRIDGE'],
  'UNPARK',
]
  .map((each) => `CHANNEL_${each}`)
  .concat('DETECTED_SPEECH', 'DTMF', 'NOTALK', 'TALK');

/** What one event socket wants to hear: event names, subclasses of CUSTOM, header filters, or one channel's events. */
export class Subscription {
  format: EventFormat = 'plain';
  readonly #names = new Set<string>();
  readonly #subclasses = new Set<string>();
  #filters: Filter[] = [];
  #onlyChannel: string | undefined;

  /**
   * `event plain|json <names…>`. Everything after CUSTOM is a subclass, as in FreeSWITCH.
   * @returns false when no event was named
   */
  add(format: EventFormat, words: readonly string[]): boolean {
    this.format = format;
    return eachKeyword(words, {
      name: (name) => void this.#names.add(name),
      subclass: (subclass) => void this.#subclasses.add(subclass),
    });
  }

  /** `nixevent <names…>` @returns false when no event was named */
  remove(words: readonly string[]): boolean {
    return eachKeyword(words, {
      name: (name) => {
        if (name === 'ALL') this.#names.clear();
        else this.#names.delete(name);
      },
      subclass: (subclass) => void this.#subclasses.delete(subclass),
    });
  }

  /** `noevents` @returns whether anything had been subscribed */
  clear(): boolean {
    const listening = this.#names.size > 0;
    this.#names.clear();
    this.#subclasses.clear();
    this.#onlyChannel = undefined;
    return listening;
  }

  addFilter(header: string, value: string): void {
    this.#filters.push({ header, value });
  }

  /** Without a value all filters on that header go; `all` drops every filter. */
  removeFilter(header: string, value?: string): void {
    if (header.toLowerCase() === 'all') this.#filters = [];
    else {
      this.#filters = this.#filters.filter(
        (each) => !(same(each.header, header) && (value === undefined || same(each.value, value))),
      );
    }
  }

  /** `myevents`: what happens to one channel, and nothing else. */
  addChannel(uuid: string): void {
    this.#onlyChannel = uuid;
    for (const name of OF_A_CHANNEL) this.#names.add(name);
  }

  wants(event: SwitchEvent): boolean {
    if (!this.#named(event) || !this.#passesFilters(event)) return false;
    return this.#onlyChannel === undefined || event.get('Unique-ID') === this.#onlyChannel;
  }

  #named(event: SwitchEvent): boolean {
    if (this.#names.has('ALL')) return true;
    if (!this.#names.has(event.name)) return false;
    if (event.name !== 'CUSTOM') return true;
    const subclass = event.get('Event-Subclass');
    return subclass === undefined || this.#subclasses.has(subclass);
  }

  /** Filters add up: one match lets an event through, but a `-value` that matches keeps it out. */
  #passesFilters(event: SwitchEvent): boolean {
    if (this.#filters.length === 0) return true;
    let passes = false;
    for (const { header, value } of this.#filters) {
      const actual = event.get(header);
      if (actual === undefined) continue;
      const negative = value.startsWith('-');
      if (!matches(actual, value.replace(/^[-+]\s*/, ''))) continue;
      if (negative) return false;
      passes = true;
    }
    return passes;
  }
}

interface KeywordSink {
  name(name: string): void;
  subclass(subclass: string): void;
}

function eachKeyword(words: readonly string[], sink: KeywordSink): boolean {
  let custom = false;
  for (const word of words) {
    if (custom) sink.subclass(word);
    else {
      // fsmrf asks for SWITCH_EVENT_PLAYBACK_START and means PLAYBACK_START; FreeSWITCH understands both.
      const name = word.toUpperCase().replace(/^SWITCH_EVENT_/, '');
      sink.name(name);
      custom = name === 'CUSTOM';
    }
  }
  return words.length > 0;
}

function matches(actual: string, wanted: string): boolean {
  const pattern = /^\/(.*)\/$/.exec(wanted)?.[1];
  if (pattern === undefined) return same(actual, wanted);
  try {
    return new RegExp(pattern).test(actual);
  } catch (error) {
    if (error instanceof SyntaxError) return false; // a filter that is no regular expression matches nothing
    throw error;
  }
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
