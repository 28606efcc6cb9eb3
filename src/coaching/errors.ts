/** What went wrong, as a stable word: one table maps it to HTTP and Genesys status codes, one to SIP responses. */
export type ErrorCode =
  | 'invalid-request'
  | 'invalid-state'
  | 'forbidden'
  | 'not-found'
  | 'already-monitored'
  | 'unavailable'
  | 'timeout'
  | 'isolation-lost';

/** The one kind of error of the core. Busy, no answer and cancelled are outcomes, not errors. */
export class EarpieceError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EarpieceError';
    this.code = code;
  }

  /** The error itself, or any other failure wrapped as `code`. */
  static from(cause: unknown, code: ErrorCode = 'unavailable'): EarpieceError {
    if (cause instanceof EarpieceError) return cause;
    return new EarpieceError(code, cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** A phone does not take what it is offered: another media server would not change that. */
export class RefusedByPhone extends EarpieceError {}

/** Throws a phone's refusal as what it is. */
export function refusedByPhone(refusal: unknown): never {
  if (refusal instanceof RefusedByPhone) throw refusal;
  const { code, message } = EarpieceError.from(refusal);
  throw new RefusedByPhone(code, message, { cause: refusal });
}

/** Whether it was a media server that could not: another may, or the same one later. */
export function isOfMedia(error: unknown): boolean {
  if (error instanceof RefusedByPhone) return false;
  return ['unavailable', 'timeout'].includes(EarpieceError.from(error).code);
}

/** A phone has none of the codecs that a room speaks: its call goes on, unsupervised. */
export class NoCommonCodec extends RefusedByPhone {
  /** E.g. `PCMU`. */
  readonly codecs: readonly string[];

  constructor(codecs: readonly string[], whose = 'the phone', cause?: unknown) {
    super('unavailable', `${whose} speaks none of ${codecs.join(', ')}`, { cause });
    this.codecs = codecs;
  }

  /** The same, told of a certain phone (`the agent's phone`); any other error is itself. */
  static of(whose: string, error: unknown): unknown {
    return error instanceof NoCommonCodec ? new NoCommonCodec(error.codecs, whose, error) : error;
  }
}
