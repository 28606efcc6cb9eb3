import type { MediaStream, StreamConfiguration } from '../../rtp/engine.ts';
import { type LocalMedia, negotiate, offer } from './sdp.ts';

/** What offer and answer have led to. */
export interface Agreement {
  readonly media: StreamConfiguration;
  readonly local: string;
  readonly remote: string;
  readonly address: string;
  readonly held: boolean;
}

export type Outcome =
  | { readonly kind: 'agreed'; readonly agreement: Agreement }
  | { readonly kind: 'refused'; readonly status: 400 | 488; readonly detail: string };

/** The media session of one leg: answers offers, makes them, and tells the stream what was agreed on. */
export class MediaSession {
  readonly stream: MediaStream;
  readonly #address: string;
  readonly #sessionId = Math.floor(Date.now() / 1000);
  #version = this.#sessionId;
  #offered: string | undefined;

  constructor(stream: MediaStream, address: string) {
    this.stream = stream;
    this.#address = address;
  }

  /** Answers the peer's offer; when nothing can be agreed on, everything stays as it was. */
  async accept(remote: string): Promise<Outcome> {
    const negotiated = negotiate(remote, this.#next());
    if (negotiated.kind === 'broken') return { kind: 'refused', status: 400, detail: negotiated.reason };
    if (negotiated.kind === 'unacceptable') return { kind: 'refused', status: 488, detail: 'no codec in common' };
    const { answer, media, held } = negotiated;
    return this.#apply({ media, local: answer, remote, address: this.#address, held });
  }

  /** Our offer; its answer comes in the ACK. */
  offer(): string {
    this.#offered = offer(this.#next());
    return this.#offered;
  }

  /** The answer to our last offer. */
  async answered(remote: string): Promise<Outcome> {
    const negotiated = negotiate(remote, { ...this.#next(), version: this.#version });
    if (negotiated.kind !== 'agreed') return { kind: 'refused', status: 488, detail: 'no codec in common' };
    const local = this.#offered ?? negotiated.answer;
    return this.#apply({ media: negotiated.media, local, remote, address: this.#address, held: negotiated.held });
  }

  async #apply(agreement: Agreement): Promise<Outcome> {
    await this.stream.configure(agreement.media);
    return { kind: 'agreed', agreement };
  }

  #next(): LocalMedia {
    return { address: this.#address, port: this.stream.port, sessionId: this.#sessionId, version: ++this.#version };
  }
}
