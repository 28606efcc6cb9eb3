/** How Node says that nobody is there, and how the probe does; after a loss it is what one expects. */
const UNREACHABLE = /ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|ECONNRESET|no answer within|closed the connection/;

/**
 * Says each cause once and not at every attempt: a server that vanishes is one line, whatever the attempts to reach it run
 * into while it starts again, until an attempt fails twice for a reason that is another.
 */
export class Complaints {
  readonly #tell: (reason: string) => void;
  #told: string | undefined;
  #last: string | undefined;

  constructor(tell: (reason: string) => void) {
    this.#tell = tell;
  }

  complain(reason: string): void {
    const cause = UNREACHABLE.test(reason) ? 'unreachable' : reason;
    const repeated = cause === this.#last;
    this.#last = cause;
    if (this.#told === cause) return;
    if (this.#told !== undefined && (cause === 'unreachable' || !repeated)) return;
    this.#told = cause;
    this.#tell(reason);
  }

  /** All is well: whatever comes next is news. */
  settled(): void {
    this.#told = undefined;
    this.#last = undefined;
  }
}
