/** One command as it came over an event socket: its first line, the headers below it, and a body if it announced one. */
export interface Command {
  readonly verb: string;
  readonly argument: string;
  /** By their names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** As they came. */
  readonly lines: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** A peer that never ends its command is cut off here. */
const LIMIT = 1 << 20;

/**
 * Cuts the byte stream of an event socket into commands. A command ends at an empty line; clients may write the lines,
 * and even the last newline, in segments of their own (drachtio-modesl 1.3.1 does).
 */
export class CommandReader {
  #buffer: Buffer = Buffer.alloc(0);

  /** @throws RangeError when a command grows beyond 1 MiB */
  push(chunk: Buffer): Command[] {
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
    const commands: Command[] = [];
    for (let command = this.#next(); command !== undefined; command = this.#next()) commands.push(command);
    if (this.#buffer.length > LIMIT) throw new RangeError('event socket command longer than 1 MiB');
    return commands;
  }

  #next(): Command | undefined {
    this.#skipEmptyLines();
    const end = endOfHead(this.#buffer);
    if (end === undefined) return undefined;
    const [first = '', ...rest] = this.#buffer.toString('utf8', 0, end.at).split(/\r?\n/);
    const lines = rest.map(parseHeader);
    const headers = new Map(lines.map(([name, value]) => [name.toLowerCase(), value]));
    const bodyLength = Number.parseInt(headers.get('content-length') ?? '0', 10) || 0;
    const bodyStart = end.at + end.length;
    if (this.#buffer.length < bodyStart + bodyLength) return undefined;
    const body = this.#buffer.toString('utf8', bodyStart, bodyStart + bodyLength);
    this.#buffer = this.#buffer.subarray(bodyStart + bodyLength);
    const line = first.trim();
    const space = line.indexOf(' ');
    return space < 0
      ? { verb: line, argument: '', headers, lines, body }
      : { verb: line.slice(0, space), argument: line.slice(space + 1).trim(), headers, lines, body };
  }

  #skipEmptyLines(): void {
    let start = 0;
    while (this.#buffer[start] === 0x0a || this.#buffer[start] === 0x0d) start++;
    if (start > 0) this.#buffer = this.#buffer.subarray(start);
  }
}

function endOfHead(buffer: Buffer): { at: number; length: number } | undefined {
  const ends = ['\n\n', '\r\n\r\n'].map((mark) => ({ at: buffer.indexOf(mark), length: mark.length }));
  return ends.filter(({ at }) => at >= 0).sort((a, b) => a.at - b.at)[0];
}

function parseHeader(line: string): [string, string] {
  const colon = line.indexOf(':');
  if (colon < 0) return [line.trim(), ''];
  return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
}
