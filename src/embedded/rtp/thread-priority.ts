import { constants, setPriority } from 'node:os';

/**
 * Lets the calling thread run before others where that is allowed (root, CAP_SYS_NICE), as FreeSWITCH does: a frame that
 * waits for somebody else's work is heard. On Linux process 0 means the calling thread alone (setpriority(2), notes).
 */
export function raiseThreadPriority(): void {
  if (process.platform !== 'linux') return;
  try {
    setPriority(0, constants.priority.PRIORITY_HIGH);
  } catch {
    // Not allowed: the thread takes its turn like all others.
  }
}
