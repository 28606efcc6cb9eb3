/** What the main thread and the media worker say to each other. Every command gets exactly one reply. */
import type {
  Digit,
  EngineStats,
  MemberFlags,
  Played,
  PlaySource,
  Recorded,
  RecordingLimits,
  StreamConfiguration,
  StreamStats,
} from './media.ts';

/** Command → what it takes and what it gives. */
export interface Commands {
  createStream: { takes: object; gives: { id: string; port: number; ssrc: number } };
  closeStream: { takes: { stream: string }; gives: undefined };
  configure: { takes: { stream: string; configuration: StreamConfiguration }; gives: undefined };
  join: { takes: { stream: string; mix: string; flags: MemberFlags }; gives: undefined };
  leave: { takes: { stream: string }; gives: undefined };
  setMute: { takes: { stream: string; on: boolean }; gives: undefined };
  setDeaf: { takes: { stream: string; on: boolean }; gives: undefined };
  setVolume: { takes: { stream: string; direction: 'in' | 'out'; level: number }; gives: undefined };
  /** `play` numbers it, so that it can be stopped alone. */
  play: { takes: { stream: string; source: PlaySource; play: number }; gives: Played };
  stopPlayback: { takes: { stream: string; play?: number }; gives: undefined };
  startRecording: { takes: { stream: string; path: string; stereo: boolean }; gives: undefined };
  stopRecording: { takes: { stream: string; path: string }; gives: { samples: number } };
  maskRecording: { takes: { stream: string; path: string; on: boolean }; gives: undefined };
  record: { takes: { stream: string; path: string; limits: RecordingLimits }; gives: Recorded };
  watchTalking: { takes: { stream: string; threshold?: number }; gives: undefined };
  sendDigits: { takes: { stream: string; digits: string; ms: number }; gives: undefined };
  watchTimeout: { takes: { stream: string; ms: number }; gives: undefined };
  streamStats: { takes: { stream: string }; gives: StreamStats };
  createMix: { takes: { mix: string }; gives: undefined };
  closeMix: { takes: { mix: string }; gives: undefined };
  relate: { takes: { mix: string; speaker: string; listener: string; hears: boolean }; gives: undefined };
  mixPlay: { takes: { mix: string; source: PlaySource; play: number; member?: string }; gives: Played };
  mixStopPlayback: { takes: { mix: string; play?: number }; gives: undefined };
  mixStartRecording: { takes: { mix: string; path: string }; gives: undefined };
  mixPauseRecording: { takes: { mix: string; path: string; on: boolean }; gives: undefined };
  mixStopRecording: { takes: { mix: string; path: string }; gives: { samples: number } };
  engineStats: { takes: object; gives: EngineStats };
  closeEngine: { takes: object; gives: undefined };
}

export type CommandName = keyof Commands;

export type Request = {
  [Name in CommandName]: { readonly seq: number; readonly name: Name; readonly takes: Commands[Name]['takes'] };
}[CommandName];

export type Reply =
  | { readonly kind: 'reply'; readonly seq: number; readonly ok: true; readonly gives: unknown }
  | { readonly kind: 'reply'; readonly seq: number; readonly ok: false; readonly error: string };

export type Notice =
  | { readonly kind: 'ready' }
  | { readonly kind: 'digit'; readonly stream: string; readonly digit: Digit }
  | { readonly kind: 'talking'; readonly stream: string; readonly talking: boolean; readonly energy: number }
  | { readonly kind: 'timeout'; readonly stream: string }
  /** Something went wrong that no command asked about; the worker goes on. */
  | { readonly kind: 'error'; readonly error: string };

export type FromWorker = Reply | Notice;

/** What the worker is started with. */
export interface WorkerOptions {
  readonly host: string;
  readonly portRange?: readonly [min: number, max: number];
}
