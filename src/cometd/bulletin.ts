import { z } from 'zod';
import type { Notification } from '../genesys/notification.ts';

const notice = z.array(
  z.object({
    userId: z.string(),
    channel: z.enum(['/v2/me/devices', '/v2/me/calls']),
    message: z.record(z.string(), z.unknown()),
  }),
);

/** The messages that another instance has for users whose clients may be here; none in what is something else. */
export const notificationsIn = (posted: unknown): readonly Notification[] => notice.safeParse(posted).data ?? [];
