import { existsSync, readFileSync, statSync } from 'node:fs';
import { BlockList } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { type ComposeService, project, readCompose } from '../../support/compose.ts';

const { services, networks } = readCompose();
const all = Object.entries(services);

function service(name: string): ComposeService {
  const found = services[name];
  if (found === undefined) throw new Error(`there is no service ${name}`);
  return found;
}
const addressOf = (name: string): string => service(name).networks['lab']?.ipv4_address ?? '';
const environmentOf = (name: string) => service(name).environment;

describe('docker-compose.yml', () => {
  it.each(all)('%s: its image, or what it is built from, has a version', (_, { image, build }) => {
    const from = build && readFileSync(join(project, build.context, build.dockerfile), 'utf8');
    expect(image ?? /^FROM (\S+)/m.exec(from ?? '')?.[1]).toMatch(/:\d+\.\d+(\.\d+)?(-[\w.-]+)?$/);
  });

  it.each(all)('%s: what is mounted is there; scripts can be executed', (_, { volumes, command = [], healthcheck }) => {
    for (const [path = ''] of volumes.map((volume) => volume.split(':'))) {
      expect(existsSync(join(project, path)), path).toBe(true);
    }
    const words = [...command, ...(healthcheck?.test ?? [])];
    for (const script of words.filter((word) => word.startsWith('/lab/'))) {
      const { mode } = statSync(join(project, 'test', script));
      if (script.endsWith('.sh')) expect(mode & 0o111, script).not.toBe(0);
    }
  });

  it.each(all)('%s: starts after others are healthy', (_, { depends_on }) => {
    for (const [name, { condition }] of Object.entries(depends_on)) {
      expect([name, condition]).toEqual([name, 'service_healthy']);
      expect(service(name).healthcheck, name).toBeDefined();
    }
  });

  it('every service has an address of its own in the network', () => {
    const addresses = all.map(([name]) => addressOf(name));
    expect(new Set(addresses).size).toBe(addresses.length);
    const [network = '', prefix] = networks['lab']?.ipam.config[0]?.subnet.split('/') ?? [];
    const subnet = new BlockList();
    subnet.addSubnet(network, Number(prefix));
    expect(addresses.filter((address) => !subnet.check(address))).toEqual([]);
  });

  it('Earpiece finds everybody: its environment fits theirs', () => {
    const config = loadConfig(join(project, 'test/lab/earpiece.yaml'), environmentOf('earpiece'));
    expect(config.http).toMatchObject({ host: addressOf('earpiece'), publicUrl: 'http://127.0.0.1:8080' });
    expect(service('earpiece').ports).toEqual([`127.0.0.1:8080:${config.http.port}`]);
    const secret = environmentOf('drachtio')['DRACHTIO_SECRET'];
    expect(config.sip).toMatchObject({
      engine: 'drachtio',
      drachtio: { host: addressOf('drachtio'), port: 9022, secret },
      switch: { uri: `sip:${addressOf('kamailio')}:5060;transport=udp`, addresses: [addressOf('kamailio')] },
    });
    expect(config.media).toMatchObject({
      engine: 'freeswitch',
      listenAddress: addressOf('earpiece'),
      freeswitch: [
        {
          host: addressOf('freeswitch'),
          port: 8021,
          password: environmentOf('freeswitch')['FREESWITCH_EVENT_SOCKET_PASSWORD'],
        },
      ],
    });
    expect(config.store).toMatchObject({ kind: 'redis', redis: { url: `redis://${addressOf('redis')}:6379` } });
    const phones = config.devices.map(({ phoneNumber, address }) => [phoneNumber, address]);
    for (const name of ['agent', 'supervisor']) {
      const number = environmentOf(name)['NUMBER'];
      expect(phones).toContainEqual([number, `sip:${number}@${addressOf('kamailio')}:5060;transport=udp`]);
    }
  });

  it('they let each other in, and listen where they are looked for', () => {
    expect(environmentOf('freeswitch')).toMatchObject({
      FREESWITCH_ADDRESS: addressOf('freeswitch'),
      FREESWITCH_EVENT_SOCKET_CLIENTS: `${addressOf('earpiece')}/32,${addressOf('freeswitch')}/32`,
      FREESWITCH_SIP_CLIENTS: `${addressOf('drachtio')}/32`,
    });
    expect(service('drachtio').command).toEqual(
      expect.arrayContaining([`sip:${addressOf('drachtio')}:5060;transport=udp,tcp`, addressOf('drachtio'), '9022']),
    );
    expect(service('kamailio').command).toContain(`udp:${addressOf('kamailio')}:5060`);
    expect(environmentOf('kamailio')['EARPIECE']).toBe(`sip:${addressOf('drachtio')}:5060`);
    for (const name of ['agent', 'supervisor', 'customer', 'sipp']) {
      const { SWITCH, ADDRESS, PHONE_PASSWORD } = environmentOf(name);
      expect({ SWITCH, ADDRESS, PHONE_PASSWORD }).toEqual({
        SWITCH: `${addressOf('kamailio')}:5060`,
        ADDRESS: addressOf(name),
        PHONE_PASSWORD: environmentOf('kamailio')['PHONE_PASSWORD'],
      });
    }
  });
});
