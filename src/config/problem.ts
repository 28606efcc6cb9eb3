/** One thing that is wrong with the configuration. */
export interface Problem {
  /** `file:line`, or the name of an environment variable. */
  readonly place: string;
  /** The key, with dots between its parts; empty when it is the whole file. */
  readonly key: string;
  /** What was expected, and what was found. */
  readonly message: string;
}

/** The configuration cannot be used. Carries every problem at once. */
export class ConfigError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(['the configuration cannot be used:', ...problems.map(line)].join('\n  '));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

function line({ place, key, message }: Problem): string {
  return [place, key, message].filter((part) => part !== '').join(': ');
}
