import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, loadConfig } from '../../../src/config.ts';

const LAB = fileURLToPath(new URL('../../../src/lab.yaml', import.meta.url));

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'earpiece-config-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(content: string, name = 'earpiece.yaml'): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** What is wrong with a configuration, the file's folder left out. */
function problems(content: string, env: Record<string, string> = {}): string[] {
  try {
    loadConfig(file(content), env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ place, key, message }) => `${place.replace(`${folder}/`, '')}: ${key}: ${message}`);
  }
  return [];
}

describe('the built-in laboratory', () => {
  it('has two agents, a supervisor whose phone answers by itself, and a customer nobody logs in for', () => {
    const { devices, users } = loadConfig(LAB, {});
    expect(devices.map(({ phoneNumber, owner, autoAnswer }) => ({ phoneNumber, owner, autoAnswer }))).toEqual([
      { phoneNumber: '5001', owner: 'agent1', autoAnswer: false },
      { phoneNumber: '5002', owner: 'agent2', autoAnswer: false },
      { phoneNumber: '5005', owner: 'supervisor', autoAnswer: true },
      { phoneNumber: '1001', owner: undefined, autoAnswer: false },
    ]);
    expect(users.map(({ userName }) => userName)).toEqual(['agent1', 'agent2', 'supervisor', 'admin']);
  });

  it('is what is used when nothing else is named, and listens on this machine alone', () => {
    const config = loadConfig(undefined, {});
    expect(config).toEqual(loadConfig(LAB, {}));
    expect([config.http.host, config.sip.host, config.media.host]).toEqual(['127.0.0.1', '127.0.0.1', '127.0.0.1']);
  });
});

describe('a phone of the switch', () => {
  const at = (uri: string, phoneNumber = '5001') =>
    loadConfig(file(`sip: { switch: { uri: "${uri}" } }\ndevices: [{ id: a, phoneNumber: "${phoneNumber}" }]`), {})
      .devices[0]?.address;

  it('neither registers here nor has an address: it is there, under its number', () => {
    expect(at('sip:10.0.0.7:5070;transport=udp')).toBe('sip:5001@10.0.0.7:5070;transport=udp');
    expect(at('sip:trunk@switch.example.org', '+4930123*#')).toBe('sip:+4930123*%23@switch.example.org');
    expect(at('sips:[2001:db8::7]')).toBe('sips:5001@[2001:db8::7]');
  });
});

describe('where it comes from', () => {
  it('an empty file means the defaults', () => {
    expect(loadConfig(file(''), {})).toMatchObject({
      http: { host: '127.0.0.1', port: 8080, csrf: false, sessionMinutes: 30 },
      sip: { engine: 'embedded', port: 5060, realm: 'earpiece', ringSeconds: 180 },
      media: { engine: 'embedded', policy: 'on-demand', settleMs: 100 },
      monitoring: { intrusion: true, severalSupervisors: false, answerSeconds: 30 },
      users: [],
      devices: [],
    });
  });

  it('the store is in a folder here, or in a Redis that the environment names', () => {
    expect(loadConfig(file(''), {}).store).toMatchObject({ kind: 'file', path: './earpiece-data' });
    const password = file('s3cret\n', 'redis-secret');
    const { store } = loadConfig(file('store: { path: /var/lib/earpiece }'), {
      EARPIECE_STORE_KIND: 'redis',
      EARPIECE_REDIS_URL: 'rediss://10.0.0.4:6380',
      EARPIECE_REDIS_PASSWORD_FILE: password,
      EARPIECE_REDIS_PREFIX: 'floor2:',
    });
    expect(store).toEqual({
      kind: 'redis',
      path: '/var/lib/earpiece',
      redis: { url: 'rediss://10.0.0.4:6380', password: 's3cret', prefix: 'floor2:' },
    });
    expect(() => loadConfig(file('store: { kind: redis, redis: { url: "http://10.0.0.4" } }'), {})).toThrow(
      /store\.redis\.url: expected a URL such as redis:\/\/127\.0\.0\.1:6379/,
    );
  });

  it('a complaint about a URL does not tell the password in it', () => {
    const complaint = (url: string) => {
      try {
        loadConfig(file(''), { EARPIECE_REDIS_URL: url });
      } catch (error) {
        return String(error).split(', found ')[1];
      }
      return undefined;
    };
    expect(complaint('http://default:s3cret@10.0.0.4:6379')).toBe('"http://…@10.0.0.4:6379"');
    expect(complaint('redis//:s3/cr@et@10.0.0.4')).toBe('"…@10.0.0.4"');
    expect(complaint('default:s3cret@10.0.0.4')).toBe('"default:…@10.0.0.4"');
    expect(problems('devices: [{ id: a, phoneNumber: "1", address: "sip:5001@ 10.0.0.4" }]')[0]).toContain('5001@ 10');
    expect(problems('devices: [{ id: a, phoneNumber: "1", address: "sip:a:s3cret@ b" }]')[0]).toContain('"sip:…@ b"');
  });

  it('a list of media servers in the environment may name IPv6 addresses; what makes no sense is complained of', () => {
    const servers = (list: string) => loadConfig(file(''), { EARPIECE_FREESWITCH: list }).media.freeswitch;
    expect(servers('[2001:db8::7]:8022, [::1], ::2, fs1')).toMatchObject([
      { host: '2001:db8::7', port: 8022 },
      { host: '::1', port: 8021 },
      { host: '::2', port: 8021 },
      { host: 'fs1', port: 8021 },
    ]);
    expect(() => servers('fs1:8021:x')).toThrow(
      'EARPIECE_FREESWITCH: media.freeswitch.0.port: expected a port number from 0 to 65535, found "8021:x"',
    );
    expect(() => servers('[fs1]:8021')).toThrow('media.freeswitch.0.host: expected a host name or an IP address');
  });

  it('the argument goes before EARPIECE_CONFIG', () => {
    const env = { EARPIECE_CONFIG: file('http: { port: 1 }', 'one.yaml') };
    expect(loadConfig(undefined, env).http.port).toBe(1);
    expect(loadConfig(file('http: { port: 2 }', 'two.yaml'), env).http.port).toBe(2);
  });

  it('the environment goes before the file, secrets may stand in files of their own', () => {
    const secret = file('s3cret\n', 'secret');
    const config = loadConfig(file('media: { freeswitch: [{ host: a }] }'), {
      EARPIECE_HTTP_PORT: '0',
      EARPIECE_CSRF: 'true',
      EARPIECE_SWITCH_ADDRESSES: '10.0.0.1, 10.1.0.0/16',
      EARPIECE_FREESWITCH: '10.0.0.2:8022,10.0.0.3',
      EARPIECE_FREESWITCH_PASSWORD: 'Secret',
      EARPIECE_DRACHTIO_SECRET_FILE: secret,
    });
    expect(config).toMatchObject({
      http: { port: 0, csrf: true },
      sip: { switch: { addresses: ['10.0.0.1', '10.1.0.0/16'] }, drachtio: { secret: 's3cret' } },
      media: {
        freeswitch: [
          { host: '10.0.0.2', port: 8022, password: 'Secret' },
          { host: '10.0.0.3', port: 8021, password: 'Secret' },
        ],
      },
    });
  });

  it('a media server may find us elsewhere, and have a profile of its own', () => {
    const servers = '[{ host: a, advertisedAddress: 203.0.113.7, profile: internal }, { host: b }]';
    expect(loadConfig(file(`media: { freeswitch: ${servers} }`), {}).media.freeswitch).toEqual([
      { host: 'a', port: 8021, password: 'ClueCon', advertisedAddress: '203.0.113.7', profile: 'internal' },
      { host: 'b', port: 8021, password: 'ClueCon' },
    ]);
    expect(problems('media: { freeswitch: [{ host: a, advertisedAddress: "a b", profile: "(" }] }')).toEqual([
      'earpiece.yaml:1: media.freeswitch.0.advertisedAddress: expected a host name or an IP address, found "a b"',
      'earpiece.yaml:1: media.freeswitch.0.profile: expected the name of a SIP profile, found "("',
    ]);
  });

  it('a media server has a name of its own, by which it can be told from the others', () => {
    const servers = '[{ id: fs-1, host: a }, { host: b }]';
    expect(loadConfig(file(`media: { freeswitch: ${servers} }`), {}).media.freeswitch.map(({ id }) => id)).toEqual([
      'fs-1',
      undefined,
    ]);
    expect(
      problems('media: { freeswitch: [{ id: x, host: a }, { id: x, host: b }, { host: c }, { host: c, port: 8021 }] }'),
    ).toEqual([
      'earpiece.yaml:1: media.freeswitch.1.id: expected another than "x", which is media.freeswitch.0.id already',
      'earpiece.yaml:1: media.freeswitch.3.id: expected another than "c:8021", which is media.freeswitch.2.id already',
    ]);
    expect(problems('media: { freeswitch: [{ id: a/b, host: a }] }')).toEqual([
      'earpiece.yaml:1: media.freeswitch.0.id: expected an id that can stand in a URL, found "a/b"',
    ]);
  });

  it('cannot be changed afterwards', () => {
    const config = loadConfig(LAB, {});
    expect(() => Object.assign(config.http, { port: 1 })).toThrow(TypeError);
    expect(() => (config.devices as unknown[]).push({})).toThrow(TypeError);
  });
});

describe('text that looks like a number', () => {
  it('stays the text that was written', () => {
    const config = loadConfig(
      file('devices: [{ id: 1, phoneNumber: 0049, sip: { userName: 007, password: 1e3 } }]'),
      {},
    );
    expect(config.devices[0]).toMatchObject({
      id: '1',
      phoneNumber: '0049',
      sip: { userName: '007', password: '1e3' },
    });
  });
});

describe('what is wrong', () => {
  it('is all said at once, with file, line, key and what was expected', () => {
    const wrong = [
      'htp: {}',
      'http:',
      '  port: 99999',
      '  hosst: x',
      'sip: { ringSeconds: 1.5 }',
      'media: { engine: freeswitch, rtpPorts: { min: 10, max: 5 } }',
      'users:',
      '  - { id: u, userName: a, roles: [boss], passwordHash: open }',
      '  - { id: u, userName: b, roles: [] }',
      'devices:',
      '  - { id: d, phoneNumber: "1", owner: nobody, address: "sip:a@b" }',
      '  - { id: e, phoneNumber: "1" }',
      '  - 7',
    ];
    expect(
      problems(wrong.join('\n'), { EARPIECE_SIP_PORT: 'x', EARPIECE_DRACHTIO_SECRET_FILE: '/nonexistent' }),
    ).toEqual([
      'earpiece.yaml:1: htp: is not a key of the configuration, expected one of http, sip, media, monitoring, store, log, drainSeconds, users, devices (did you mean http?)',
      'earpiece.yaml:3: http.port: expected a port number from 0 to 65535, found 99999',
      'earpiece.yaml:4: http.hosst: is not a key of the configuration, expected one of host, port, publicUrl, csrf, sessionMinutes (did you mean host?)',
      'earpiece.yaml:5: sip.ringSeconds: expected a whole number of seconds from 1 to 3600, found 1.5',
      'earpiece.yaml:6: media.rtpPorts.max: expected a port above min, found 5',
      'earpiece.yaml:6: media.freeswitch: expected at least one server, because media.engine is freeswitch',
      'earpiece.yaml:8: users.0.roles.0: expected one of agent, supervisor, admin, found "boss"',
      'earpiece.yaml:8: users.0.passwordHash: expected a hash made by "earpiece hash-password", found something else',
      'earpiece.yaml:9: users.1.roles: expected at least one role, found an empty list',
      'earpiece.yaml:9: users.1.passwordHash: expected a hash made by "earpiece hash-password", and it is missing',
      'earpiece.yaml:9: users.1.id: expected another than "u", which is users.0.id already',
      'earpiece.yaml:11: devices.0.owner: expected the userName of one of the users, found "nobody"',
      'earpiece.yaml:12: devices.1.phoneNumber: expected another than "1", which is devices.0.phoneNumber already',
      'earpiece.yaml:12: devices.1: expected sip (the phone registers), address (it is somewhere) or sip.switch.uri (it is there), found none',
      'earpiece.yaml:13: devices.2: expected a mapping of id, phoneNumber, owner, sip, address, autoAnswer, found 7',
      expect.stringMatching(
        /^EARPIECE_DRACHTIO_SECRET_FILE: sip.drachtio.secret: expected the name of a file that can be read/,
      ),
      'EARPIECE_SIP_PORT: sip.port: expected a port number from 0 to 65535, found "x"',
    ]);
  });

  it.each([
    [
      'http: []',
      'earpiece.yaml:1: http: expected a mapping of host, port, publicUrl, csrf, sessionMinutes, found an empty list',
    ],
    [
      'http: { publicUrl: "ftp://x" }',
      'earpiece.yaml:1: http.publicUrl: expected an http or https URL, found "ftp://x"',
    ],
    [
      'sip: { switch: { addresses: [10.0.0.0/33] } }',
      'earpiece.yaml:1: sip.switch.addresses.0: expected an IP address or a network such as 10.0.0.0/24, found "10.0.0.0/33"',
    ],
    [
      'sip: { switch: { uri: 10.0.0.1 } }',
      'earpiece.yaml:1: sip.switch.uri: expected a SIP URI such as sip:10.0.0.1:5060, found "10.0.0.1"',
    ],
    [
      'media: { settleMs: 20 }',
      'earpiece.yaml:1: media.settleMs: expected a whole number of milliseconds from 60 to 5000, found 20',
    ],
    [
      'monitoring: { intrusion: yes please }',
      'earpiece.yaml:1: monitoring.intrusion: expected true or false, found "yes please"',
    ],
    [
      'devices: [{ id: a, phoneNumber: x y, address: "sip:a@b" }]',
      'earpiece.yaml:1: devices.0.phoneNumber: expected a phone number: digits, perhaps with a leading +, found "x y"',
    ],
    [
      'devices: [{ id: a, phoneNumber: 1, address: "sip:a@b", sip: { userName: a, password: b } }]',
      'earpiece.yaml:1: devices.0.address: expected either sip (the phone registers) or address (it is somewhere), found both',
    ],
    [
      'devices: [{ id: a, phoneNumber: 1, sip: { userName: a } }]',
      'earpiece.yaml:1: devices.0.sip: expected either password or ha1, found a mapping of userName',
    ],
  ])('%s', (content, problem) => {
    expect(problems(content)).toEqual([problem]);
  });

  it('a file that is no YAML, or is not there', () => {
    expect(problems('a: 1\na: 2\nb: [')).toEqual([
      expect.stringMatching(/^earpiece.yaml:2: : .*unique/i),
      expect.stringMatching(/^earpiece.yaml:3: : /),
    ]);
    expect(() => loadConfig('/nonexistent/earpiece.yaml', {})).toThrow(
      /nonexistent\/earpiece.yaml: expected a file that can be read/,
    );
  });

  it('never shows a secret', () => {
    const shown = problems('users: [{ id: u, userName: a, roles: [agent], passwordHash: hunter2 }]').join();
    expect(shown).toContain('passwordHash');
    expect(shown).not.toContain('hunter2');
  });
});
