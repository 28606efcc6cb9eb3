import { randomUUID } from 'node:crypto';
import type { Command } from './command.ts';
import type { ControlledChannel, EventSocketCore } from './core.ts';
import { type EventSocketSession, reply, type Reply } from './session.ts';
import type { EventFormat } from './subscription.ts';

/** Commands that inbound and `full` outbound sockets share. @returns undefined for a command that is none of them */
export function sharedCommand(
  session: EventSocketSession,
  core: EventSocketCore,
  command: Command,
): Reply | Promise<Reply> | undefined {
  switch (command.verb.toLowerCase()) {
    case 'event':
      return listen(session, command);
    case 'nixevent':
      return session.subscription.remove(words(command.argument))
        ? reply('+OK events nixed')
        : reply('-ERR no keywords supplied');
    case 'noevents':
      return session.subscription.clear()
        ? reply('+OK no longer listening for events')
        : reply('-ERR not listening for events');
    case 'filter':
      return filter(session, command.argument);
    case 'api':
      return api(core, command.argument);
    case 'bgapi':
      return background(core, command);
    case 'log':
      return reply(`+OK log level ${command.argument || 'DEBUG'} [7]`);
    case 'nolog':
      return reply('+OK no longer logging');
    case 'sendevent':
      return sendEvent(core, command);
    default:
      return undefined;
  }
}

/** `sendmsg`: execute an application on a channel, or hang it up. */
export function sendMessage(channel: ControlledChannel, command: Command): { ended: Promise<void> } {
  switch (command.headers.get('call-command')?.toLowerCase()) {
    case 'hangup':
      return { ended: channel.hangup(command.headers.get('hangup-cause')) };
    case 'execute':
      return {
        ended: channel.execute({
          application: command.headers.get('execute-app-name') ?? '',
          argument: command.headers.get('execute-app-arg') ?? command.body,
          uuid: command.headers.get('event-uuid'),
          loops: Number.parseInt(command.headers.get('loops') ?? '1', 10) || 1,
        }),
      };
    default:
      return { ended: Promise.resolve() };
  }
}

function listen(session: EventSocketSession, command: Command): Reply {
  const names = words(command.argument);
  let format: EventFormat = 'plain';
  if (names[0] === 'json' || names[0] === 'plain') format = names.shift() === 'json' ? 'json' : 'plain';
  else if (names[0] === 'xml') return reply('-ERR xml events are not supported');
  return session.subscription.add(format, names)
    ? reply(`+OK event listener enabled ${format}`)
    : reply('-ERR no keywords supplied');
}

function filter(session: EventSocketSession, argument: string): Reply {
  const [first = '', second, ...rest] = words(argument);
  if (second === undefined) return reply('-ERR invalid syntax');
  if (first.toLowerCase() === 'delete') {
    const value = rest.join(' ');
    session.subscription.removeFilter(second, value || undefined);
    return reply(`+OK filter deleted. [${second}][${value}]`);
  }
  const value = [second, ...rest].join(' ');
  session.subscription.addFilter(first, value);
  return reply(`+OK filter added. [${first}]=[${value}]`);
}

async function api(core: EventSocketCore, line: string): Promise<Reply> {
  const [name, argument] = splitApi(line);
  return { kind: 'api', body: await core.api(name, argument) };
}

function background(core: EventSocketCore, command: Command): Reply {
  const job = command.headers.get('job-uuid') ?? randomUUID();
  const [name, argument] = splitApi(command.argument);
  void core.api(name, argument).then((body) => {
    const event = core.bus.create('BACKGROUND_JOB').set('Job-UUID', job).set('Job-Command', name);
    if (argument) event.set('Job-Command-Arg', argument);
    core.bus.publish(event.setBody(body));
  });
  return reply(`+OK Job-UUID: ${job}`, `Job-UUID: ${job}\n`);
}

/** What the event itself is made of. */
const OWN: ReadonlySet<string> = new Set(['content-length', 'event-name', 'event-subclass']);

function sendEvent(core: EventSocketCore, command: Command): Reply {
  const event = core.bus.create(command.argument.toUpperCase() || 'CUSTOM', command.headers.get('event-subclass'));
  for (const [name, value] of command.lines) if (!OWN.has(name.toLowerCase())) event.set(name, value);
  if (command.body) event.setBody(command.body);
  core.bus.publish(event);
  return reply(`+OK ${event.get('Event-UUID') ?? randomUUID()}`);
}

function splitApi(line: string): [name: string, argument: string] {
  const space = line.indexOf(' ');
  return space < 0 ? [line, ''] : [line.slice(0, space), line.slice(space + 1).trim()];
}

function words(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '');
}
