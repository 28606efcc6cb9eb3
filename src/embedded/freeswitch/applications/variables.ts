import type { Application } from '../channel/application.ts';

/** `set name=value`; also `export`, which for a channel without a partner is the same. */
export const set: Application = {
  kind: 'instant',
  async run({ channel, argument }) {
    const [name, value] = assignment(argument);
    if (name) channel.setVariable(name, value);
    return Promise.resolve(undefined);
  },
};

/** `unset name` */
export const unset: Application = {
  kind: 'instant',
  run({ channel, argument }) {
    channel.setVariable(argument.trim(), '');
    return Promise.resolve(undefined);
  },
};

/** `multiset a=1 b=2`, or `multiset ^^|a=1|b=2` with a separator of one's own. */
export const multiset: Application = {
  kind: 'instant',
  async run({ channel, argument }) {
    for (const each of splitAssignments(argument)) {
      const [name, value] = assignment(each);
      if (name) channel.setVariable(name, value);
    }
    return Promise.resolve(undefined);
  },
};

/** The `^^<separator>` prefix is FreeSWITCH's way to choose what stands between the parts of an argument. */
export function splitAssignments(argument: string): string[] {
  const separator = argument.startsWith('^^') ? argument[2] : undefined;
  return separator === undefined ? argument.split(' ') : argument.slice(3).split(separator);
}

export function assignment(text: string): [name: string, value: string] {
  const equals = text.indexOf('=');
  return equals < 0 ? [text.trim(), ''] : [text.slice(0, equals).trim(), text.slice(equals + 1)];
}
