import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { Child } from '../../support/child.ts';
import { project } from '../../support/compose.ts';
import { freePort } from '../../support/free-port.ts';
import { EventSocketClient } from '../freeswitch/event-socket-client.ts';

/** A FreeSWITCH 1.10, with which freeswitch-conf is tried: /usr/bin/freeswitch, say. */
const command = process.env['EARPIECE_FREESWITCH_COMMAND'];

/** The sockets on which a process listens, from what the kernel says: `tcp 8021`. */
async function listeningOf(pid: number): Promise<string[]> {
  const links = (await readdir(`/proc/${pid}/fd`)).map((fd) => readlink(`/proc/${pid}/fd/${fd}`));
  const inodes = new Set((await Promise.all(links)).map((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1]));
  const found: string[] = [];
  for (const [protocol, state] of [
    ['tcp', '0A'],
    ['tcp6', '0A'],
    ['udp', '07'],
    ['udp6', '07'],
  ] as const) {
    for (const line of (await readFile(`/proc/${pid}/net/${protocol}`, 'utf8')).split('\n')) {
      const [, local, , st, , , , , , inode] = line.trim().split(/\s+/);
      if (st !== state || !inodes.has(inode)) continue;
      found.push(`${protocol} ${Number.parseInt(local?.split(':').at(-1) ?? '', 16)}`);
    }
  }
  return found.sort();
}

describe.skipIf(command === undefined)('freeswitch-conf in a real FreeSWITCH', () => {
  let freeswitch: Child;
  let folder = '';
  afterEach(async () => {
    await freeswitch.end('SIGKILL');
    await rm(folder, { recursive: true });
  });

  it('comes up, has our profiles and codecs, and listens on nothing else', async () => {
    folder = await mkdtemp(join(tmpdir(), 'earpiece-freeswitch-'));
    const [eventSocket, sip] = [await freePort(), await freePort()];
    const folders = ['-log', '-db', '-run', '-temp'].flatMap((option) => [option, folder]);
    const args = ['-nf', '-np', '-nonat', '-conf', join(project, 'freeswitch-conf'), ...folders];
    freeswitch = new Child(command ?? '', args, folder, {
      FREESWITCH_EVENT_SOCKET_PORT: String(eventSocket),
      FREESWITCH_EVENT_SOCKET_PASSWORD: 'sesame',
      FREESWITCH_SIP_PORT: String(sip),
    });
    const pid = freeswitch.process.pid ?? 0;
    while (!(await listeningOf(pid)).includes(`tcp ${eventSocket}`)) await after(100);
    const client = await EventSocketClient.authenticated(eventSocket, 'sesame');
    // Its sockets are open before its profile is told to be running.
    while (!(await client.api('sofia status')).includes('RUNNING')) await after(100);
    expect(await client.api('sofia xmlstatus profile drachtio_mrf')).toContain('<inbound-codecs>PCMU,PCMA,G722,OPUS<');
    expect(await client.api('xml_locate configuration configuration name conference.conf')).toContain('"earpiece"');
    client.close();
    expect(await listeningOf(pid)).toEqual([`tcp ${eventSocket}`, `tcp ${sip}`, `udp ${sip}`]);
    const stranger = await EventSocketClient.open(eventSocket);
    await stranger.replies.next();
    expect((await stranger.command('auth ClueCon')).headers.get('Reply-Text')).toBe('-ERR invalid');
  });
});
