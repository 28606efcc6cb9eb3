/** A miniature FreeSWITCH that is a process of its own: its ports and password come from the environment. Ends with the test that started it. */
import { FreeSwitch } from '../../src/embedded/freeswitch/freeswitch.ts';

const port = (name: string): number => Number(process.env[name]);

await FreeSwitch.listen({
  eventSocketPort: port('ESL_PORT'),
  sipPort: port('SIP_PORT'),
  rtpPortRange: [port('RTP_START'), port('RTP_END')],
  password: process.env['PASSWORD'] ?? 'ClueCon',
});
