import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { z } from 'zod';
import { type Environment, type Override, readEnvironment } from './config/environment.ts';
import { parseConfigFile } from './config/file.ts';
import { withPhonesOfTheSwitch } from './config/phones-of-the-switch.ts';
import { ConfigError, type Problem } from './config/problem.ts';
import { conflicts } from './config/references.ts';
import { type Config, configSchema } from './config/schema.ts';

export { ConfigError } from './config/problem.ts';
export type { Config } from './config/schema.ts';

/** The configuration that comes along: a laboratory with an agent or two, a supervisor and a customer. */
const LAB = ['./lab.yaml', '../src/lab.yaml'].map((file) => fileURLToPath(new URL(file, import.meta.url)));

/**
 * Reads the configuration: the file named by `path`, else by EARPIECE_CONFIG, else ./earpiece.yaml, else the built-in
 * laboratory; then what the environment puts in its place. The result is frozen.
 * Throws {@link ConfigError} with everything that is wrong with it.
 */
export function loadConfig(path: string | undefined, env: Environment): Config {
  const name =
    path ?? env['EARPIECE_CONFIG'] ?? ['earpiece.yaml', ...LAB].find((file) => existsSync(file)) ?? 'earpiece.yaml';
  const file = parseConfigFile(read(name), name);
  const { overrides, problems } = readEnvironment(env);
  const tree = overrides.reduce((below, { path, value }) => withValue(below, path, value), file.tree);

  const placeOf = (path: readonly PropertyKey[]) => overridden(path, overrides)?.variable ?? file.place(path);
  const checked = configSchema.safeParse(tree);
  problems.push(...complaints(checked.error?.issues ?? [], tree, placeOf));
  problems.push(...conflicts(tree).map(({ path, message }) => ({ place: placeOf(path), key: dotted(path), message })));
  problems.sort((a, b) => a.place.localeCompare(b.place, 'en', { numeric: true }));
  if (!checked.success || problems.length > 0) throw new ConfigError(problems);
  return freeze(withPhonesOfTheSwitch(checked.data));
}

function read(name: string): string {
  try {
    return readFileSync(name, 'utf8');
  } catch (error) {
    throw new ConfigError([{ place: name, key: '', message: `expected a file that can be read (${String(error)})` }]);
  }
}

/** Says of each issue what was expected and what was found; of several at one key only the first. */
function complaints(
  issues: readonly z.core.$ZodIssue[],
  tree: unknown,
  placeOf: (path: readonly PropertyKey[]) => string,
): Problem[] {
  const found = new Map<string, Problem>();
  const complain = (path: readonly PropertyKey[], message: string) => {
    const key = dotted(path);
    if (!found.has(key)) found.set(key, { place: placeOf(path), key, message });
  };
  for (const issue of issues) {
    if (issue.code === 'unrecognized_keys') {
      const expected = issue.message.split('\n');
      issue.keys.forEach((key, index) =>
        complain([...issue.path, key], `is not a key of the configuration, expected ${expected[index] ?? ''}`),
      );
    } else complain(issue.path, `expected ${issue.message}, ${describe(issue.path, valueAt(tree, issue.path))}`);
  }
  return [...found.values()];
}

const SECRETS = new Set(['password', 'passwordHash', 'secret', 'md5', 'sha256']);

function describe(path: readonly PropertyKey[], value: unknown): string {
  if (value === undefined) return 'and it is missing';
  if (value === null) return 'found nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'found an empty list' : 'found a list';
  if (isMapping(value)) return `found a mapping of ${Object.keys(value).join(', ')}`;
  if (SECRETS.has(String(path.at(-1)))) return 'found something else';
  return `found ${JSON.stringify(typeof value === 'string' ? withoutUser(value) : value)}`;
}

/** Whoever stands in a URL before its host may have the password with them. The number in a SIP URI is no secret. */
function withoutUser(text: string): string {
  if (/^sips?:[^:@]*@[^@]*$/i.test(text)) return text;
  return text.replace(/^([a-z][a-z\d+.-]*:)?(\/\/)?.*@/is, '$1$2…@');
}

const dotted = (path: readonly PropertyKey[]): string => path.map(String).join('.');

function overridden(path: readonly PropertyKey[], overrides: readonly Override[]): Override | undefined {
  return overrides.findLast((override) =>
    override.path.every((part, index) => part === '*' || part === String(path[index])),
  );
}

const isMapping = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

function valueAt(tree: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, part) => (isMapping(value) ? value[String(part)] : undefined), tree);
}

/** The tree with another value at a path; mappings that are missing on the way are made. */
function withValue(tree: unknown, path: readonly string[], value: unknown): unknown {
  const [part, ...rest] = path;
  if (part === undefined) return value;
  if (part === '*') return Array.isArray(tree) ? tree.map((element) => withValue(element, rest, value)) : tree;
  const mapping = isMapping(tree) ? tree : {};
  return { ...mapping, [part]: withValue(mapping[part], rest, value) };
}

function freeze<T>(value: T): T {
  if (isMapping(value)) Object.values(value).forEach(freeze);
  return Object.freeze(value);
}
