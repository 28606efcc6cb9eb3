import type { FastifyInstance } from 'fastify';
import { userOf } from '../log-in.ts';
import type { Desk } from '../ports.ts';

/** POST /api/v2/notifications: the Bayeux protocol. Clients append the type of the message to the path. */
export function notifications(app: FastifyInstance, desk: Desk): void {
  for (const url of ['/api/v2/notifications', '/api/v2/notifications/:type']) {
    app.post(url, (request, reply) => {
      for (const [name, value] of Object.entries(reply.getHeaders())) {
        if (value !== undefined) reply.raw.setHeader(name, value);
      }
      reply.hijack();
      desk.notifications.handle(userOf(request), request.raw, request.body, reply.raw);
    });
  }
}
