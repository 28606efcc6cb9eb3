import { PassThrough, Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { hashPasswordCommand } from '../../../src/http/hash-password-command.ts';
import { verifyPassword } from '../../../src/http/password.ts';

async function run(typed: string[], isTTY = false) {
  const output = new PassThrough();
  const prompt = new PassThrough();
  const input = Object.assign(Readable.from(typed), { isTTY });
  const succeeded = await hashPasswordCommand({ input, output, prompt });
  return {
    succeeded,
    written: output.setEncoding('utf8').read() as string | null,
    asked: prompt.setEncoding('utf8').read() as string | null,
  };
}

describe('earpiece hash-password', () => {
  it('turns the first line of its input into a hash, and writes nothing else', async () => {
    const { succeeded, written } = await run(['my sec', 'ret\nmore\n']);
    expect(succeeded).toBe(true);
    expect(await verifyPassword('my secret', (written ?? '').trimEnd())).toBe(true);
  });

  it('asks a person, and never shows what is typed', async () => {
    const { written, asked } = await run(['secret\n'], true);
    expect(asked).toBe('Password: \n');
    expect(written).not.toContain('secret');
  });

  it.each([[[]], [['\n']]])('fails where there is no password', async (typed) => {
    expect(await run(typed)).toMatchObject({ succeeded: false, written: null, asked: 'no password was given\n' });
  });
});
