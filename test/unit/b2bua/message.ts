import type { StackMessage } from '../../../src/b2bua/stack.ts';

/** A message with these headers, their names in any case. */
export function message(headers: Readonly<Record<string, string>>, body = ''): StackMessage {
  const find = (name: string) => Object.keys(headers).find((each) => each.toLowerCase() === name.toLowerCase());
  return {
    headers,
    body,
    has: (name) => find(name) !== undefined,
    get: (name) => headers[find(name) ?? ''],
  };
}
