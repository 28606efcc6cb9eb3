import type { Socket } from 'node:net';
import { STATUS_CODES } from 'node:http';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { failureOf, RequestError } from '../genesys/status.ts';

/** Failures of the HTTP layer itself, in the words of the table. */
function translated(error: unknown): unknown {
  const { code, statusCode = 500, message } = error as Partial<FastifyError>;
  switch (code) {
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new RequestError('not-json', 'the body must be JSON, sent with Content-Type: application/json');
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new RequestError('body-too-large', 'the body is too large');
    default:
      if (error instanceof Error && statusCode >= 400 && statusCode < 500) {
        return new RequestError('parameter-invalid', `the request cannot be read: ${message ?? ''}`);
      }
      return error;
  }
}

/** Answers every failure with a body of the API. What is not the client's fault is logged. */
export function answerFailure(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { http, body } = failureOf(translated(error));
  if (http >= 500) request.log.error({ err: error }, 'request failed');
  if (http === 401) reply.header('WWW-Authenticate', 'Basic realm="earpiece", charset="UTF-8"');
  return reply.code(http).send(body);
}

/** Answers what Node could not read as HTTP at all. */
export function answerUnreadable(_: Error, socket: Socket): void {
  if (!socket.writable) return;
  const { http, body } = failureOf(new RequestError('parameter-invalid', 'the request is not HTTP'));
  const text = JSON.stringify(body);
  const head = [`HTTP/1.1 ${http} ${STATUS_CODES[http] ?? ''}`, 'Content-Type: application/json', 'Connection: close'];
  socket.end([...head, `Content-Length: ${Buffer.byteLength(text)}`, '', text].join('\r\n'));
  socket.destroySoon();
}

/** Unknown paths, and known ones asked with another method. Must be called before the routes are added. */
export function answerUnknown(app: FastifyInstance): { refuseOtherMethods(last: FastifyInstance): void } {
  const methods = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ url, method }) => {
    const known = methods.get(url) ?? new Set();
    for (const each of [method].flat()) known.add(each);
    methods.set(url, known);
  });
  app.setNotFoundHandler(() => {
    throw new RequestError('resource-unknown', 'there is no such resource');
  });
  return {
    refuseOtherMethods: (last) => {
      for (const [url, known] of [...methods]) {
        const method = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'].filter((each) => !known.has(each));
        const allowed = [...known].join(', ');
        last.route({
          method,
          url,
          handler: (_, reply) => {
            reply.header('Allow', allowed);
            throw new RequestError('method-not-allowed', `only ${allowed} can be asked of this resource`);
          },
        });
      }
    },
  };
}
