import type { Played } from './media.ts';
import { type Sound, SoundReader } from './sound.ts';

/** One sound on its way to a leg. */
export class Playback {
  readonly id: number;
  readonly reader: SoundReader;
  readonly #onEnd: (played: Played) => void;

  constructor(id: number, sound: Sound, onDone: () => void, onEnd: (played: Played) => void) {
    this.id = id;
    this.reader = new SoundReader(sound, 0, onDone);
    this.#onEnd = onEnd;
  }

  end(outcome: Played['outcome']): void {
    this.#onEnd({ outcome, samples: this.reader.position });
  }
}

/** What is played to one leg alone: the latest is heard, those before it wait where they are until it has ended. */
export class Playbacks {
  readonly #onChange: () => void;
  readonly #loading = new Set<number>();
  #stack: readonly Playback[] = [];

  /** @param onChange called when another one is to be heard, or none */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  get current(): Playback | undefined {
    return this.#stack.at(-1);
  }

  /** Resolves when it has ended; rejects when it cannot be loaded. */
  async play(id: number, loading: Promise<Sound>): Promise<Played> {
    this.#loading.add(id);
    try {
      const sound = await loading;
      if (!this.#loading.has(id)) return { outcome: 'stopped', samples: 0 };
      return await new Promise((resolve) => {
        const done = (): void => this.#end(playback, 'done');
        const playback = new Playback(id, sound, done, resolve);
        this.#stack = [...this.#stack, playback];
        this.#onChange();
      });
    } finally {
      this.#loading.delete(id);
    }
  }

  /** Without an id, everything. */
  stop(id?: number): void {
    if (id === undefined) this.#loading.clear();
    else this.#loading.delete(id);
    for (const playback of this.#stack) if (id === undefined || playback.id === id) this.#end(playback, 'stopped');
  }

  #end(playback: Playback, outcome: Played['outcome']): void {
    this.#stack = this.#stack.filter((each) => each !== playback);
    this.#onChange();
    playback.end(outcome);
  }
}
