/** A miniature drachtio-server in a process of its own, on the ports that the environment names. */
import { DrachtioServer } from '../../src/embedded/drachtio/server.ts';

const port = (name: string): number => Number(process.env[name]);

await DrachtioServer.listen({ adminPort: port('ADMIN_PORT'), sipPort: port('SIP_PORT'), secret: 'cymru' });
