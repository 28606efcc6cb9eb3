import cookie from '@fastify/cookie';
import { fastify, type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import type { Logger } from '../log.ts';
import { Authenticator } from './authenticator.ts';
import { answerFailure, answerUnknown, answerUnreadable } from './failures.ts';
import { requireLogIn } from './log-in.ts';
import type { Desk } from './ports.ts';
import { allDevices } from './routes/all-devices.ts';
import { device } from './routes/device.ts';
import { deviceOperation } from './routes/device-operation.ts';
import { diagnostics } from './routes/diagnostics.ts';
import { health } from './routes/health.ts';
import { me } from './routes/me.ts';
import { mediaServers } from './routes/media-servers.ts';
import { notifications } from './routes/notifications.ts';
import { ownDevices } from './routes/own-devices.ts';
import { userDevices } from './routes/user-devices.ts';
import { userOperation } from './routes/user-operation.ts';
import { Sessions } from './sessions.ts';

/** No request of the API needs more. */
const BODY_BYTES = 64 * 1024;

export interface HttpOptions {
  readonly csrf: boolean;
  /** Clients come over https. */
  readonly secure: boolean;
  readonly sessionMinutes: number;
  /** Of the product, for GET /api/v2/diagnostics/version. */
  readonly version: string;
}

/** The HTTP control plane, not listening yet: `listen` and `close` are fastify's. */
export function createHttpServer(options: HttpOptions, desk: Desk, log: Logger): FastifyInstance {
  const logger: FastifyBaseLogger = log;
  const app = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_BYTES,
    // A client that holds a connection and says nothing would keep the process from ending.
    forceCloseConnections: true,
    frameworkErrors: (error, request, reply) => void answerFailure(error, request, reply),
    clientErrorHandler: answerUnreadable,
  });
  app.setErrorHandler(answerFailure);
  app.addHook('preClose', (done) => {
    desk.notifications.close();
    done();
  });
  app.register(cookie);
  const unknown = answerUnknown(app);
  const sessions = new Sessions(options.sessionMinutes * 60_000);
  const authenticator = new Authenticator(desk.roster);
  app.register((api, _, done) => {
    requireLogIn(api, options, authenticator, sessions);
    me(api, desk);
    userOperation(api, desk, sessions);
    ownDevices(api, desk);
    deviceOperation(api, desk);
    device(api, desk);
    allDevices(api, desk);
    userDevices(api, desk);
    notifications(api, desk);
    diagnostics(api, options.version);
    mediaServers(api, desk);
    done();
  });
  app.register((open, _, done) => {
    health(open, desk);
    done();
  });
  app.register((rest, _, done) => {
    unknown.refuseOtherMethods(rest);
    done();
  });
  return app;
}
