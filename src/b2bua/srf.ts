import { createRequire } from 'node:module';
import type { SentRequest, Stack, StackDialog, StackResponse } from './stack.ts';

/** A CommonJS package with declarations that leave out what is needed here: stack.ts says what it does. */
export const Srf = createRequire(import.meta.url)('drachtio-srf') as {
  new (): Stack;
  /** What srf itself makes of a request as sent and its 200. */
  readonly Dialog: new (
    stack: Stack,
    type: 'uac',
    parts: { req: SentRequest; res: StackResponse },
  ) => StackDialog;
};
