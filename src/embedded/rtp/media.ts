/** What the media engine offers, in the words of the field. The main thread holds these; the work is done in the worker. */

export type CodecName = 'PCMU' | 'PCMA';

/** As in SDP (RFC 3264 section 5.1), seen from the engine: `sendonly` = the engine speaks, what it receives is not heard. */
export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

export interface TransportAddress {
  readonly address: string;
  readonly port: number;
}

export interface StreamConfiguration {
  /** Where the peer's SDP says it listens; omitted = unknown, learned from the first packet. RTCP goes to port + 1. */
  readonly remote?: TransportAddress;
  readonly codec: { readonly name: CodecName; readonly payloadType: number };
  /** Payload type of telephone-event (RFC 4733), where it was agreed on. */
  readonly telephoneEvent?: number;
  readonly direction: Direction;
}

export type PlaySource =
  /** `loops`: how often it is played, -1 = until stopped, 1 by default. */
  | { readonly kind: 'wav'; readonly path: string; readonly loops?: number }
  /** FreeSWITCH's tone language, e.g. `%(1000,0,440);loops=-1` (see tone.ts). */
  | { readonly kind: 'tone'; readonly spec: string }
  /** `ms` -1 = until stopped. */
  | { readonly kind: 'silence'; readonly ms: number };

export type PlayOutcome = 'done' | 'stopped';

export interface Played {
  readonly outcome: PlayOutcome;
  /** How far it came, of 1/8000 s. */
  readonly samples: number;
}

export type RecordingEnd = 'limit' | 'silence' | 'stopped';

export interface RecordingLimits {
  readonly ms?: number;
  /** Ends when the mean magnitude of every frame (0 … 32768) has been below the threshold for so long. */
  readonly silence?: { readonly threshold: number; readonly ms: number };
}

export interface Recorded {
  readonly samples: number;
  readonly ended: RecordingEnd;
}

export interface MemberFlags {
  readonly mute: boolean;
  readonly deaf: boolean;
}

/** A digit heard (RFC 4733); `duration` in samples of 1/8000 s. */
export interface Digit {
  readonly digit: string;
  readonly duration: number;
}

/** `energy`: the mean of the magnitudes of a frame's samples, 0 … 32768. */
export type TalkHandler = (talking: boolean, energy: number) => void;

export interface StreamStats {
  readonly id: string;
  readonly packetsReceived: number;
  readonly packetsSent: number;
  /** Missing by sequence number (RFC 3550 A.3); negative when packets were duplicated. */
  readonly packetsLost: number;
  /** Datagrams turned away: not RTP, wrong payload type, or not from the peer. */
  readonly packetsRejected: number;
  /** Interarrival jitter, ms (RFC 3550 A.8). */
  readonly jitterMs: number;
  /** What the jitter buffer waits for beyond the nominal arrival, ms. */
  readonly marginMs: number;
  /** Frames of 20 ms invented because none was there, over all listeners. */
  readonly concealedFrames: number;
  /** Round trip by RTCP (RFC 3550 6.4.1), ms, once known. */
  readonly roundTripMs?: number;
  /** Where packets go: the address of the SDP, or the one learned. */
  readonly remote?: TransportAddress;
  /** ms since the last packet of the peer, once there was one. */
  readonly quietMs?: number;
}

export interface EngineStats {
  readonly streams: number;
  readonly mixes: number;
  /** 20 ms frames made. */
  readonly ticks: number;
  /** Those made more than 5 ms after they were due. */
  readonly lateTicks: number;
  /** Frames left out because the engine stood still for more than three of them. */
  readonly skippedTicks: number;
  readonly packetsReceived: number;
  readonly packetsSent: number;
  readonly packetsLost: number;
  /** Of the worker's event loop since the engine started, 0..1. */
  readonly eventLoopUtilization: number;
  /** CPU time of the worker thread, ms; only where /proc tells (Linux). */
  readonly cpuMs?: number;
}

/** One leg's audio: an RTP/RTCP port pair. A closed stream rejects every command but `close`. */
export interface MediaStream {
  readonly id: string;
  readonly port: number;
  readonly ssrc: number;
  /** May be called again: address move, codec change, hold. Rejects a remote that is no address in numbers, or port 0. */
  configure(configuration: StreamConfiguration): Promise<void>;
  /** Enters a mix, leaving the one it was in. Relations to members of the mix start anew: everybody is heard. */
  join(mix: Mix, flags: MemberFlags): Promise<void>;
  leave(): Promise<void>;
  setMute(on: boolean): Promise<void>;
  setDeaf(on: boolean): Promise<void>;
  /** `in` = what the stream says, `out` = what it hears; level -4..4, 0 = unchanged (FreeSWITCH's steps). */
  setVolume(direction: 'in' | 'out', level: number): Promise<void>;
  /**
   * Heard by this leg instead of its mix, which does not hear the leg either meanwhile. Settles at the end, which the
   * signal brings about too. What plays already waits, and goes on afterwards.
   */
  play(source: PlaySource, signal?: AbortSignal): Promise<Played>;
  /** Stops everything that plays to this leg. */
  stopPlayback(): Promise<void>;
  /** Stereo: left what the leg says, right what it hears; mono: the sum. The file appears at `path` when the recording stops. */
  startRecording(path: string, options?: { stereo?: boolean }): Promise<void>;
  stopRecording(path: string): Promise<{ samples: number }>;
  /** While masked, a recording gets silence. */
  maskRecording(path: string, on: boolean): Promise<void>;
  /** Records what the leg says, and nothing else, until a limit is reached or it is stopped; settles then. */
  record(path: string, limits: RecordingLimits): Promise<Recorded>;
  /** RFC 4733 digits, `ms` each (100 by default), settles when they are sent. */
  sendDigits(digits: string, ms?: number): Promise<void>;
  /** @returns the function that ends it */
  onDigit(handler: (digit: Digit) => void): () => void;
  /** Tells when the leg begins and ends to talk: louder than `threshold`, FreeSWITCH's energy level; `undefined` ends it. */
  watchTalking(threshold: number | undefined): Promise<void>;
  /** @returns the function that ends it */
  onTalking(handler: TalkHandler): () => void;
  /** Called once when no packet came for `ms` (looked at once a second); again only after packets came. */
  onTimeout(ms: number, handler: () => void): Promise<void>;
  stats(): Promise<StreamStats>;
  /** Sends RTCP BYE, finishes recordings, frees the ports. Idempotent. */
  close(): Promise<void>;
}

/** One conference: everybody hears everybody else, less what was taken away. */
export interface Mix {
  readonly id: string;
  /** Both must be members. Forgotten when either leaves. */
  relate(speaker: MediaStream, listener: MediaStream, hears: boolean): Promise<void>;
  /** Heard by every member that is not deaf, or by `member` alone, until its end or the signal. Several may play at once. */
  play(source: PlaySource, options?: { member?: MediaStream; signal?: AbortSignal }): Promise<Played>;
  /** Stops everything that plays into this mix. */
  stopPlayback(): Promise<void>;
  /** What all members say, relations or not, muted ones excepted; mono. */
  startRecording(path: string): Promise<void>;
  /** A paused recording has no gap: what was said meanwhile is left out. */
  pauseRecording(path: string, on: boolean): Promise<void>;
  stopRecording(path: string): Promise<{ samples: number }>;
  /** Members stay alive, out of the mix. Idempotent. */
  close(): Promise<void>;
}
