import { type Ear, Ears } from './ears.ts';
import { Recorder } from './recorder.ts';
import type { Ticking, Wheel } from './wheel.ts';

/** Somebody that can be listened to. */
export interface Voice {
  /** A place of one's own in what it says. */
  ear(): Ear;
}

/** Listens to a whole room and writes down what it hears. */
export class RoomRecorder<Member extends Voice> implements Ticking {
  readonly #file: Recorder;
  readonly #room: { speakers(): Member[] };
  readonly #wheel: Wheel;
  readonly #ears = new Ears<Member>();
  paused = false;

  private constructor(file: Recorder, room: { speakers(): Member[] }, wheel: Wheel) {
    this.#file = file;
    this.#room = room;
    this.#wheel = wheel;
  }

  /** @throws when the file cannot be made */
  static async open<Member extends Voice>(
    path: string,
    room: { speakers(): Member[] },
    wheel: Wheel,
  ): Promise<RoomRecorder<Member>> {
    const recorder = new RoomRecorder(await Recorder.open(path, 'said'), room, wheel);
    wheel.start(recorder, performance.now());
    return recorder;
  }

  /** Looks anew at who is there. */
  refresh(): void {
    this.#ears.set(new Set(this.#room.speakers()), (member) => member.ear());
  }

  tick(due: number): number {
    const heard = this.#ears.hear(due, 1);
    if (!this.paused) this.#file.write(heard, undefined);
    return 0;
  }

  /** @throws what went wrong while writing */
  stop(): Promise<{ samples: number }> {
    this.#wheel.stop(this);
    return this.#file.stop();
  }
}
