/** One message of an application: `<id>|<type>|<argument>|…[\r\n<SIP text>]`. */
export interface ControlMessage {
  readonly id: string;
  readonly type: string;
  readonly args: readonly string[];
  /** The SIP message behind the first line; '' when there is none. */
  readonly sip: string;
}

export function parseControlMessage(text: string): ControlMessage {
  const end = text.indexOf('\r\n');
  const [id = '', type = '', ...args] = (end < 0 ? text : text.slice(0, end)).split('|');
  return { id, type, args, sip: end < 0 ? '' : text.slice(end + 2) };
}

/** What the first line of a frame says of a SIP message besides its text. */
export interface MessageMeta {
  readonly bytes: number;
  /** 'udp', 'tcp', or '' where the real server leaves it out: an ACK, the answer to anything but INVITE. */
  readonly protocol: string;
  readonly address: string;
  readonly port: number;
}

/** `<bytes>|<protocol>|<address>|<port>|<time>`, the fields every SIP frame has in common. */
export function metaFields(meta: MessageMeta): string {
  return `${meta.bytes}|${meta.protocol}|${meta.address}|${meta.port}|${timeOfDay()}`;
}

/** Time of day with microseconds, `17:02:56.352239`. */
export function timeOfDay(): string {
  const ms = performance.timeOrigin + performance.now();
  const clock = new Date(ms).toISOString().slice(11, 19);
  return `${clock}.${String(Math.floor((ms % 1000) * 1000)).padStart(6, '0')}`;
}
