/** The worker's side of every command: legs and rooms by name, one short function per command. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Leg } from './leg.ts';
import type { EngineStats, PlaySource } from './media.ts';
import { PortPairs } from './port-pair.ts';
import type { CommandName, Commands, Notice, WorkerOptions } from './protocol.ts';
import { Room } from './room.ts';
import { RoomRecorder } from './room-recorder.ts';
import { recordedSound, silenceOf, type Sound } from './sound.ts';
import { toneOf } from './tone.ts';
import { readWav } from './wav.ts';
import { Wheel } from './wheel.ts';

type Handlers = {
  [Name in CommandName]: (takes: Commands[Name]['takes']) => Commands[Name]['gives'] | Promise<Commands[Name]['gives']>;
};

const POLL_MS = 1000;

export class MediaWorker {
  readonly #tell: (notice: Notice) => void;
  readonly #ports: PortPairs;
  readonly #wheel = new Wheel((error) => this.#failed(error));
  readonly #legs = new Map<string, Leg>();
  readonly #rooms = new Map<string, Room<Leg>>();
  readonly #poll = setInterval(() => this.#pollLegs(), POLL_MS);
  /** Of the legs that are closed. */
  readonly #gone = { received: 0, sent: 0, lost: 0 };
  #count = 0;

  constructor({ host, portRange }: WorkerOptions, tell: (notice: Notice) => void) {
    this.#tell = tell;
    this.#ports = new PortPairs(host, portRange);
  }

  /** @throws what the command complains about */
  async run<Name extends CommandName>(name: Name, takes: Commands[Name]['takes']): Promise<Commands[Name]['gives']> {
    const handler = this.#handlers[name];
    return await handler(takes);
  }

  readonly #handlers: Handlers = {
    createStream: async () => {
      const ports = await this.#ports.bind();
      const id = `stream-${++this.#count}`;
      const leg = new Leg(id, ports, this.#wheel, {
        onDigit: (digit) => this.#tell({ kind: 'digit', stream: id, digit }),
        onTalking: (talking, energy) => this.#tell({ kind: 'talking', stream: id, talking, energy }),
        onTimeout: () => this.#tell({ kind: 'timeout', stream: id }),
        onError: (error) => this.#failed(error),
      });
      this.#legs.set(id, leg);
      return { id, port: leg.port, ssrc: leg.sender.ssrc };
    },
    closeStream: async ({ stream }) => {
      await this.#closeLeg(this.#leg(stream));
      return undefined;
    },
    configure: ({ stream, configuration }) => {
      this.#leg(stream).configure(configuration);
    },
    join: ({ stream, mix, flags }) => {
      this.#leg(stream).join(this.#room(mix), flags);
    },
    leave: ({ stream }) => {
      this.#leg(stream).leave();
    },
    setMute: ({ stream, on }) => {
      this.#leg(stream).set({ mute: on });
    },
    setDeaf: ({ stream, on }) => {
      this.#leg(stream).set({ deaf: on });
    },
    setVolume: ({ stream, direction, level }) => {
      this.#leg(stream).setVolume(direction, level);
    },
    play: ({ stream, source, play }) => this.#leg(stream).playbacks.play(play, soundOf(source)),
    stopPlayback: ({ stream, play }) => {
      this.#leg(stream).playbacks.stop(play);
    },
    startRecording: async ({ stream, path, stereo }) => {
      await this.#leg(stream).recordings.start(path, stereo ? 'both' : 'sum');
      return undefined;
    },
    stopRecording: ({ stream, path }) => this.#leg(stream).recordings.stop(path),
    maskRecording: ({ stream, path, on }) => {
      this.#leg(stream).recordings.mask(path, on);
    },
    record: ({ stream, path, limits }) => this.#leg(stream).recordings.record(path, limits),
    watchTalking: ({ stream, threshold }) => {
      this.#leg(stream).talk.watch(threshold);
    },
    sendDigits: async ({ stream, digits, ms }) => {
      await this.#leg(stream).sendDigits(digits, ms);
      return undefined;
    },
    watchTimeout: ({ stream, ms }) => {
      this.#leg(stream).watchTimeout(ms);
    },
    streamStats: ({ stream }) => this.#leg(stream).stats(),
    createMix: ({ mix }) => {
      if (this.#rooms.has(mix)) throw new Error(`there is a mix ${mix}`);
      this.#rooms.set(mix, new Room(mix));
      return undefined;
    },
    closeMix: async ({ mix }) => {
      const room = this.#room(mix);
      this.#rooms.delete(mix);
      for (const leg of room.close()) leg.leave();
      await this.#endRecordings(room);
      return undefined;
    },
    relate: ({ mix, speaker, listener, hears }) => {
      this.#room(mix).relate(this.#leg(speaker), this.#leg(listener), hears);
    },
    mixPlay: ({ mix, source, play, member }) =>
      this.#room(mix).play(play, soundOf(source), member === undefined ? undefined : this.#leg(member)),
    mixStopPlayback: ({ mix, play }) => {
      this.#room(mix).stopPlayback(play);
    },
    mixStartRecording: async ({ mix, path }) => {
      const room = this.#room(mix);
      if (room.recorders.has(path)) throw new Error(`already recording to ${path}`);
      room.record(path, await RoomRecorder.open(path, room, this.#wheel));
      return undefined;
    },
    mixPauseRecording: ({ mix, path, on }) => {
      this.#roomRecorder(mix, path).paused = on;
    },
    mixStopRecording: ({ mix, path }) => {
      const recorder = this.#roomRecorder(mix, path);
      this.#room(mix).recorders.delete(path);
      return recorder.stop();
    },
    engineStats: () => this.#stats(),
    closeEngine: async () => {
      clearInterval(this.#poll);
      for (const room of this.#rooms.values()) {
        room.close();
        await this.#endRecordings(room);
      }
      await Promise.all([...this.#legs.values()].map((leg) => this.#closeLeg(leg)));
      this.#wheel.close();
      return undefined;
    },
  };

  #leg(id: string): Leg {
    const leg = this.#legs.get(id);
    if (!leg) throw new Error('the stream is closed');
    return leg;
  }

  #room(id: string): Room<Leg> {
    const room = this.#rooms.get(id);
    if (!room) throw new Error('the mix is closed');
    return room;
  }

  #roomRecorder(mix: string, path: string): RoomRecorder<Leg> {
    const recorder = this.#room(mix).recorders.get(path);
    if (!recorder) throw new Error(`not recording to ${path}`);
    return recorder;
  }

  async #endRecordings(room: Room<Leg>): Promise<void> {
    const endings = await Promise.allSettled([...room.recorders.values()].map((recorder) => recorder.stop()));
    room.recorders.clear();
    for (const ending of endings) if (ending.status === 'rejected') this.#failed(ending.reason);
  }

  async #closeLeg(leg: Leg): Promise<void> {
    this.#legs.delete(leg.id);
    await leg.close();
    const { packetsReceived, packetsSent, packetsLost } = leg.stats();
    this.#gone.received += packetsReceived;
    this.#gone.sent += packetsSent;
    this.#gone.lost += packetsLost;
  }

  #pollLegs(): void {
    const now = performance.now();
    for (const leg of this.#legs.values()) leg.poll(now);
  }

  #stats(): EngineStats {
    const sum = { ...this.#gone };
    for (const leg of this.#legs.values()) {
      const { packetsReceived, packetsSent, packetsLost } = leg.stats();
      sum.received += packetsReceived;
      sum.sent += packetsSent;
      sum.lost += packetsLost;
    }
    const cpuMs = threadCpuMs();
    return {
      streams: this.#legs.size,
      mixes: this.#rooms.size,
      ticks: this.#wheel.ticks,
      lateTicks: this.#wheel.lateTicks,
      skippedTicks: this.#wheel.skippedTicks,
      packetsReceived: sum.received,
      packetsSent: sum.sent,
      packetsLost: sum.lost,
      eventLoopUtilization: performance.eventLoopUtilization().utilization,
      ...(cpuMs !== undefined ? { cpuMs } : {}),
    };
  }

  #failed(error: unknown): void {
    this.#tell({ kind: 'error', error: error instanceof Error ? error.message : String(error) });
  }
}

async function soundOf(source: PlaySource): Promise<Sound> {
  switch (source.kind) {
    case 'wav':
      return recordedSound(readWav(await readFile(source.path)), source.loops ?? 1);
    case 'tone':
      return toneOf(source.spec);
    case 'silence':
      return silenceOf(source.ms);
  }
}

/** The first number of schedstat is the time on a CPU in ns (Linux, Documentation/scheduler/sched-stats). */
function threadCpuMs(): number | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ')[0]) / 1e6;
  } catch {
    // A kernel without scheduler statistics.
    return undefined;
  }
}
