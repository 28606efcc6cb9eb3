import { createHmac, randomBytes } from 'node:crypto';
import type { StackMessage } from './stack.ts';

const HEADER = 'X-Earpiece-Loop';

/** How many numbers are remembered with their marks. */
const MOST_MARKS = 10_000;

/**
 * A back-to-back user agent starts a new Via with every call, so a loop through it cannot be seen there (RFC 3261 16.3). Each INVITE
 * carries a mark for the number it was for: one that comes back for the same number goes round in circles; one that comes back for
 * another number was sent on, which is fine.
 */
export class LoopGuard {
  readonly #key = randomBytes(16);
  /** Those made before, by number. */
  readonly #marks = new Map<string, string>();

  isLoop(invite: StackMessage, dialled: string): boolean {
    const marks = marksIn(invite);
    return marks.length > 0 && marks.includes(this.#mark(dialled));
  }

  /** The headers of the INVITE that goes on. */
  mark(invite: StackMessage, dialled: string): Record<string, string> {
    return { [HEADER]: [...marksIn(invite), this.#mark(dialled)].join(', ') };
  }

  #mark(dialled: string): string {
    const known = this.#marks.get(dialled);
    if (known !== undefined) return known;
    const mark = createHmac('sha256', this.#key).update(dialled).digest('hex').slice(0, 16);
    if (this.#marks.size === MOST_MARKS) this.#marks.clear();
    this.#marks.set(dialled, mark);
    return mark;
  }
}

const marksIn = (invite: StackMessage): string[] =>
  (invite.get(HEADER) ?? '').split(/\s*,\s*/).filter((mark) => mark !== '');
