import { z } from 'zod';

/** How long a client may let the server wait with an answer, or wait itself, in ms. */
const delay = z.number().min(0).max(120_000);
const channel = z
  .string()
  .max(100)
  .regex(/^\/[^\s]+$/);

/** A message of a client (Bayeux 1.0), as far as the server looks at it; other fields pass. */
const message = z.looseObject({
  channel,
  clientId: z.string().max(100).optional(),
  subscription: z.union([channel, z.array(channel).max(20)]).optional(),
  advice: z.looseObject({ timeout: delay.optional(), interval: delay.optional() }).optional(),
});

const request = z
  .union([z.array(message).min(1).max(50), message.transform((alone) => [alone])])
  // A handshake must be alone: the messages behind it would belong to no session yet.
  .refine((messages) => messages.length === 1 || messages.every((each) => each.channel !== '/meta/handshake'));

export type BayeuxMessage = z.output<typeof message>;

/** The messages of a request; `undefined` when it is not Bayeux. */
export const bayeuxMessages = (body: unknown): readonly BayeuxMessage[] | undefined => request.safeParse(body).data;
