import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { project, readCompose } from '../../support/compose.ts';
import { at, type Element, parseXml, preprocess } from './freeswitch-xml.ts';

const FILE = join(project, 'freeswitch-conf/freeswitch.xml');

function configuration(env: NodeJS.ProcessEnv = {}): { root: Element; variables: Map<string, string> } {
  const { xml, variables } = preprocess(FILE, env);
  return { root: parseXml(xml), variables };
}

/** The parameters of a configuration file of FreeSWITCH. */
function params(root: Element, ...path: readonly string[]): Record<string, string | undefined> {
  const found = at(root, 'document', 'section=configuration', ...path, 'param');
  return Object.fromEntries(found.map(({ attributes }) => [attributes['name'] ?? '', attributes['value']]));
}

describe('freeswitch-conf', () => {
  const { root } = configuration();

  it('has what Earpiece asks for by name: its SIP profile and its conference profile', () => {
    const { media } = loadConfig(join(project, 'test/lab/earpiece.yaml'), {
      EARPIECE_FREESWITCH: '10.0.0.12',
      EARPIECE_SWITCH_URI: 'sip:10.0.0.7',
    });
    const profile = media.freeswitch[0]?.profile ?? 'drachtio_mrf';
    const sip = params(root, 'configuration=sofia.conf', 'profiles', `profile=${profile}`, 'settings');
    expect(sip).toMatchObject({ 'sip-port': '5080', 'auth-calls': 'false', 'apply-inbound-acl': 'sip_clients' });
    expect(at(root, 'document', 'section=dialplan', `context=${sip['context'] ?? ''}`, 'extension')).not.toEqual([]);
    const mixer = params(root, 'configuration=conference.conf', 'profiles', `profile=${media.conferenceProfile}`);
    expect(mixer).toEqual({
      rate: 'auto',
      interval: '20',
      'energy-level': '0',
      'comfort-noise': 'false',
      'caller-controls': 'none',
    });
  });

  it('lets in whom a list names, and nobody else', () => {
    const socket = params(root, 'configuration=event_socket.conf', 'settings');
    expect(socket).toMatchObject({ 'listen-ip': '127.0.0.1', 'apply-inbound-acl': 'event_socket_clients' });
    for (const list of ['event_socket_clients', 'sip_clients']) {
      const [found] = at(
        root,
        'document',
        'section=configuration',
        'configuration=acl.conf',
        'network-lists',
        `list=${list}`,
      );
      expect(found?.attributes['default']).toBe('deny');
      expect(found?.children.map(({ attributes }) => attributes)).toEqual([{ type: 'allow', cidr: '127.0.0.1/32' }]);
    }
  });

  it('takes RTP ports that Linux does not hand out, and tells its load often', () => {
    const core = params(root, 'configuration=switch.conf', 'settings');
    expect(Number(core['rtp-end-port'])).toBeLessThan(32_768);
    expect(core['event-heartbeat-interval']).toBe('1');
  });

  it('has no password but the one from the environment', () => {
    const password = /\$\{FREESWITCH_EVENT_SOCKET_PASSWORD:-/;
    expect(configuration().variables.get('event_socket_password')).toMatch(password);
    expect(JSON.stringify(root)).not.toContain('ClueCon');
  });

  it('reads every variable that docker-compose.yml gives it', () => {
    const environment = readCompose().services['freeswitch']?.environment ?? {};
    const { root: inDocker, variables } = configuration(environment);
    const known = [...variables.values()].join(' ');
    for (const [name, value] of Object.entries(environment)) {
      expect(name === 'FREESWITCH_EVENT_SOCKET_PASSWORD' ? name : value, name).toSatisfy((each: string) =>
        known.includes(each),
      );
    }
    const socket = params(inDocker, 'configuration=event_socket.conf', 'settings');
    expect(socket['listen-ip']).toBe(environment['FREESWITCH_ADDRESS']);
  });
});
