import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { hashPassword } from './password.ts';

export interface Terminal {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream;
  /** Where a person is asked, so that `output` carries the hash alone. */
  readonly prompt: NodeJS.WritableStream;
}

/**
 * `earpiece hash-password`: reads a password, from a person without showing it or from a pipe, and writes the line for
 * `passwordHash`. Resolves with whether there was one.
 */
export async function hashPasswordCommand({ input, output, prompt }: Terminal): Promise<boolean> {
  const terminal = input.isTTY === true;
  // A terminal echoes through readline's output: this one shows nothing.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output: nowhere, terminal });
  if (terminal) prompt.write('Password: ');
  const password = await firstLine(lines);
  if (terminal) prompt.write('\n');
  lines.close();
  if (password === undefined || password === '') {
    prompt.write('no password was given\n');
    return false;
  }
  output.write(`${await hashPassword(password)}\n`);
  return true;
}

async function firstLine(lines: AsyncIterable<string>): Promise<string | undefined> {
  for await (const line of lines) return line;
  return undefined;
}
