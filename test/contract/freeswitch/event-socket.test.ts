import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FreeSwitch } from '../../../src/embedded/freeswitch/freeswitch.ts';
import { Caller, sdp } from './caller.ts';
import { controlledCall, join } from './controlled-call.ts';
import { Controller, EventSocketClient } from './event-socket-client.ts';
import { type FreeSwitchUnderTest, freeSwitchUnderTest, REAL } from './under-test.ts';

const GOODBYE = 'Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n';

let server: FreeSwitchUnderTest;
let controller: Controller;
const open: { close(): unknown }[] = [];
const opened = <T extends { close(): unknown }>(each: T): T => {
  open.push(each);
  return each;
};

beforeEach(async () => {
  server = opened(await freeSwitchUnderTest({ password: 'open sesame' }));
  controller = opened(await Controller.listen());
});

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

const client = async (): Promise<EventSocketClient> =>
  opened(await EventSocketClient.authenticated(server.eventSocketPort, server.password));

const call = async () => {
  const made = await controlledCall(server, controller);
  opened(made.control);
  opened(made.caller);
  return made;
};

describe('the inbound event socket', () => {
  test('asks for the password first and says nothing before it has it', async () => {
    const socket = opened(await EventSocketClient.open(server.eventSocketPort));
    expect((await socket.replies.next()).head).toBe('Content-Type: auth/request');
    expect((await socket.command('api status')).headers.get('Reply-Text')).toBe('-ERR command not found');
    expect((await socket.command(`auth ${server.password}`)).headers.get('Reply-Text')).toBe('+OK accepted');
    expect(await socket.api('status')).toMatch(/^UP 0 years, .*\nFreeSWITCH \(Version 1\.10\.12/);
  });

  test('shows a wrong password the door, as the real one does', async () => {
    const socket = opened(await EventSocketClient.open(server.eventSocketPort));
    await socket.replies.next();
    expect((await socket.command('auth wrong')).head).toBe('Content-Type: command/reply\nReply-Text: -ERR invalid');
    const notice = await socket.replies.next();
    expect(notice.head).toBe('Content-Type: text/disconnect-notice\nContent-Length: 67');
    expect(notice.body).toBe(GOODBYE);
    await socket.closed;
  });

  test('exit says bye', async () => {
    const socket = await client();
    expect((await socket.command('exit')).headers.get('Reply-Text')).toBe('+OK bye');
    expect((await socket.replies.next()).body).toBe(GOODBYE);
    await socket.closed;
  });

  test('takes commands in pieces and several in one piece', async () => {
    const socket = await client();
    socket.write('api cre');
    socket.write('ate_uuid\n');
    socket.write('\napi hostname\n\nnosuchthing\n\n');
    expect((await socket.replies.next()).body).toMatch(/^[0-9a-f-]{36}$/);
    expect((await socket.replies.next()).body).not.toBe('');
    expect((await socket.replies.next()).headers.get('Reply-Text')).toBe('-ERR command not found');
  });

  test('event, nixevent, noevents and filter', async () => {
    const socket = await client();
    const text = async (command: string) => (await socket.command(command)).headers.get('Reply-Text');
    expect(await text('event json')).toBe('-ERR no keywords supplied');
    expect(await text('event json CUSTOM a::b')).toBe('+OK event listener enabled json');
    expect(await text('filter Colour green')).toBe('+OK filter added. [Colour]=[green]');
    const send = (colour: string, subclass: string) =>
      socket.command(`sendevent CUSTOM\nEvent-Subclass: ${subclass}\nColour: ${colour}`);
    await send('red', 'a::b');
    await send('green', 'other::class');
    await send('green', 'a::b');
    expect((await socket.events.next())['Colour']).toBe('green');
    expect(socket.events.rest).toEqual([]);
    expect(await text('filter delete Colour green')).toBe('+OK filter deleted. [Colour][green]');
    await send('red', 'a::b');
    expect((await socket.events.next())['Colour']).toBe('red');
    expect(await text('noevents')).toBe('+OK no longer listening for events');
    expect(await text('noevents')).toBe('-ERR not listening for events');
    await send('red', 'a::b');
    await socket.api('status');
    expect(socket.events.rest).toEqual([]);
  });

  test('bgapi answers with a job and reports it as an event', async () => {
    const socket = await client();
    await socket.command('event json BACKGROUND_JOB');
    const reply = await socket.command('bgapi global_getvar local_ip_v4\nJob-UUID: my-job');
    expect(reply.headers.get('Reply-Text')).toBe('+OK Job-UUID');
    expect(await socket.event('BACKGROUND_JOB')).toMatchObject({
      'Job-UUID': 'my-job',
      'Job-Command': 'global_getvar',
      'Job-Command-Arg': 'local_ip_v4',
      _body: '127.0.0.1',
    });
  });

  test('a reply comes before the events that its command caused', async () => {
    const socket = await client();
    const { uuid } = await call();
    await socket.command('event json CHANNEL_HANGUP');
    const before = socket.frames.length;
    await socket.api(`uuid_kill ${uuid}`);
    await socket.event('CHANNEL_HANGUP');
    expect(socket.frames.slice(before).map((frame) => frame.headers.get('Content-Type'))).toEqual([
      'api/response',
      'text/event-json',
    ]);
  });

  test('sendmsg to a channel, and to one that is not there', async () => {
    const socket = await client();
    const { uuid, control } = await call();
    expect((await socket.execute('set', 'colour=green', 'nobody')).head).toContain('-ERR invalid session id [nobody]');
    expect((await socket.execute('set', 'colour=green', uuid)).headers.get('Reply-Text')).toBe('+OK');
    await control.event('CHANNEL_EXECUTE_COMPLETE');
    expect(await socket.api(`uuid_getvar ${uuid} colour`)).toBe('green');
  });
});

describe('the outbound event socket', () => {
  test('uuid_transfer to `socket … async`: no api there, and static without async', async () => {
    const socket = await client();
    const { uuid } = await call();
    expect(await socket.api(`uuid_transfer ${uuid} 'socket:127.0.0.1:${controller.port} async' inline`)).toBe('+OK\n');
    const control = opened(await controller.next());
    const connected = await control.command('connect');
    expect(connected.head).toMatch(/Socket-Mode: async\nControl: single-channel$/);
    expect((await control.command('api status')).headers.get('Reply-Text')).toBe('-ERR command not found');
    expect(await socket.api(`uuid_transfer ${uuid} 'socket:127.0.0.1:${controller.port}' inline`)).toBe('+OK\n');
    const second = opened(await controller.next());
    expect((await second.command('connect')).head).toMatch(/Socket-Mode: static\nControl: single-channel$/);
    await second.command('myevents json');
    // Without async the reply waits for the end of what it asked for.
    const before = second.frames.length;
    await second.execute('playback', 'tone_stream://%(60,0,500)');
    const complete = await second.event('CHANNEL_EXECUTE_COMPLETE');
    expect(complete['Application-Response']).toBe('FILE PLAYED');
    expect(second.frames[before]?.headers.get('Content-Type')).toBe('command/reply');
    const spoken = second.frames.slice(before).map((frame) => /"Event-Name":"(\w+)"/.exec(frame.body)?.[1] ?? 'reply');
    expect(spoken.slice(0, 3)).toEqual(['reply', 'CHANNEL_EXECUTE', 'CHANNEL_EXECUTE_COMPLETE']);
  });

  test('tells of the hang-up, and lingers when asked to', async () => {
    const { control, uuid, caller } = await call();
    expect((await control.command('linger 3')).headers.get('Reply-Text')).toBe('+OK will linger 3 seconds');
    expect((await control.command('myevents json')).headers.get('Reply-Text')).toBe('+OK Events Enabled');
    await control.execute('hangup', 'USER_BUSY');
    const notice = await control.replies.nextWhere((frame) => frame.head.includes('disconnect-notice'));
    expect(notice.headers.get('Content-Disposition')).toBe('linger');
    expect(notice.headers.get('Linger-Time')).toBe('3');
    expect(await control.event('CHANNEL_HANGUP_COMPLETE')).toMatchObject({
      'Hangup-Cause': 'USER_BUSY',
      'Unique-ID': uuid,
    });
    expect(await caller.phone.next('BYE')).toContain('Reason: Q.850;cause=17;text="USER_BUSY"');
  });

  test('disconnects in the order of the real one: application, socket, call state, notice', async () => {
    const { control, caller } = await call();
    await control.execute('hangup');
    await control.closed;
    const kinds = control.frames.slice(-5).map((frame) => {
      if (frame.headers.get('Content-Type') !== 'text/event-json') return frame.headers.get('Content-Type');
      const event = JSON.parse(frame.body) as Record<string, string>;
      return `${event['Event-Name'] ?? ''} ${event['Application'] ?? event['Channel-Call-State'] ?? ''}`;
    });
    expect(kinds).toEqual([
      'CHANNEL_EXECUTE hangup',
      'CHANNEL_EXECUTE_COMPLETE hangup',
      'CHANNEL_EXECUTE_COMPLETE socket',
      'CHANNEL_CALLSTATE HANGUP',
      'text/disconnect-notice',
    ]);
    expect(await caller.phone.next('BYE')).toContain('Reason: Q.850;cause=16;text="NORMAL_CLEARING"');
  });

  test('the application closes an idle channel by closing its socket', async () => {
    const { control, caller } = await call();
    control.close();
    expect(await caller.phone.next('BYE')).toContain('cause=16');
  });

  test('closing the socket leaves a member in its conference; a kick then ends the call', async () => {
    const socket = await client();
    const made = await call();
    await join(made, 'z@lab');
    await socket.command('event json CHANNEL_EXECUTE CHANNEL_HANGUP');
    made.control.close();
    await made.control.closed;
    expect(await socket.api('conference z list count')).toBe('1');
    expect(await socket.api('conference z kick all')).toMatch(/^\+OK kicked \d+\n$/);
    expect(await made.caller.phone.next('BYE')).toContain('cause=16');
  });

  test('a playback that runs when the socket closes is played to its end', async () => {
    const socket = await client();
    await socket.command('event json PLAYBACK_START PLAYBACK_STOP CHANNEL_HANGUP');
    const { control, caller } = await call();
    await control.execute('playback', 'tone_stream://%(200,0,500)');
    await socket.event('PLAYBACK_START');
    control.close();
    expect((await socket.event('PLAYBACK_STOP'))['Playback-Status']).toBe('done');
    expect(await caller.phone.next('BYE')).toContain('cause=16');
  });

  test('X-esl-outbound to a closed port: answered, then hung up', async () => {
    const caller = opened(await Caller.open(server.sipPort));
    const gone = await Controller.listen();
    gone.close();
    const answered = await caller.call(sdp(), gone.headers);
    expect(answered).toMatch(/^SIP\/2\.0 200/);
    expect(await caller.phone.next('BYE')).toContain('Reason: Q.850;cause=16');
  });

  test('an unknown application hangs up', async () => {
    const { control, caller } = await call();
    await control.execute('nosuchapp', 'x');
    expect(await caller.phone.next('BYE')).toContain('Q.850;cause=27;text="DESTINATION_OUT_OF_ORDER"');
    await control.closed;
    expect(control.frames.some((frame) => frame.body.includes('nosuchapp'))).toBe(false);
  });

  test('what is asked for while something plays begins at once inside of it; uuid_break ends both', async () => {
    const socket = await client();
    const { control, uuid } = await call();
    await control.execute('playback', 'tone_stream://%(60000,0,400)');
    await control.event('PLAYBACK_START');
    await control.execute('playback', '/no/such/file.wav');
    expect(await control.event('CHANNEL_EXECUTE_COMPLETE')).toMatchObject({ 'Application-Response': 'FILE NOT FOUND' });
    await control.execute('playback', 'tone_stream://%(60000,0,600)');
    await control.event('PLAYBACK_START');
    expect(await socket.api(`uuid_break ${uuid}`)).toBe('+OK\n');
    for (const hertz of [600, 400]) {
      expect(await control.event('PLAYBACK_STOP')).toMatchObject({
        'Playback-Status': 'break',
        'Playback-File-Path': `tone_stream://%(60000,0,${hertz})`,
      });
      expect(await control.event('CHANNEL_EXECUTE_COMPLETE')).toMatchObject({ 'Application-Response': 'FILE PLAYED' });
    }
  });

  test.skipIf(REAL)('a crash takes the sockets and sends nothing; closing says BYE', async () => {
    const first = await call();
    await server.miniature?.crash();
    await first.control.closed;
    expect(first.caller.phone.received.rest.filter((text) => text.startsWith('BYE'))).toEqual([]);
    const other = opened(await FreeSwitch.listen());
    const second = await controlledCall(other, controller);
    opened(second.control);
    opened(second.caller);
    const closed = other.close();
    expect(await second.caller.phone.next('BYE')).toContain('SYSTEM_SHUTDOWN');
    await Promise.all([closed, other.close(), second.control.closed]);
  });

  test.skipIf(REAL)('a media thread that dies takes the server along, and its owner hears of it', async () => {
    const errors: string[] = [];
    const other = opened(await FreeSwitch.listen({ onError: ({ message }) => errors.push(message) }));
    const socket = opened(await EventSocketClient.authenticated(other.eventSocketPort));
    other.engine.emit('error', new Error('a recording could not be written'));
    expect(await socket.api('hostname')).not.toBe('');
    await other.engine.close();
    other.engine.emit('error', new Error('the media worker died'));
    await socket.closed;
    expect(errors).toEqual(['a recording could not be written', 'the media worker died']);
  });
});
