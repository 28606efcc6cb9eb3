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

/** The one error of the core. Busy, no answer and cancelled are outcomes, not errors. */
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
