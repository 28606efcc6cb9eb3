import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, visit } from 'yaml';
import { ConfigError } from './problem.ts';

/** Keys that hold a text even where it looks like a number: leading zeros of a phone number count. */
const TEXTS = new Set([
  'id',
  'userName',
  'firstName',
  'lastName',
  'owner',
  'phoneNumber',
  'password',
  'secret',
  'realm',
]);

/** A YAML file that remembers on which line each of its keys stands. */
export interface ConfigFile {
  readonly tree: unknown;
  /** `file:line` of a key; of the nearest key around it when it is not there. */
  place(path: readonly PropertyKey[]): string;
}

/** Throws {@link ConfigError} with every mistake of the YAML. `name` is for messages. */
export function parseConfigFile(source: string, name: string): ConfigFile {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    throw new ConfigError(
      document.errors.map(({ pos: [start], message }) => ({
        place: `${name}:${lines.linePos(start).line}`,
        key: '',
        message,
      })),
    );
  }
  visit(document, {
    Pair(_, { key, value }) {
      if (!isScalar(key) || !TEXTS.has(String(key.value))) return;
      if (isScalar(value) && typeof value.value === 'number' && value.source !== undefined) value.value = value.source;
    },
  });

  const follow = (node: unknown): unknown => (isAlias(node) ? node.resolve(document) : node);

  const place = (path: readonly PropertyKey[]): string => {
    let node = follow(document.contents);
    let offset = offsetOf(node);
    for (const part of path) {
      if (isMap(node)) {
        const pair = node.items.find(({ key }) => isScalar(key) && key.value === part);
        if (pair === undefined) break;
        offset = offsetOf(pair.key) ?? offset;
        node = follow(pair.value);
      } else if (isSeq(node) && typeof part === 'number' && part < node.items.length) {
        node = follow(node.items[part]);
        offset = offsetOf(node) ?? offset;
      } else break;
    }
    return `${name}:${lines.linePos(offset ?? 0).line}`;
  };

  return { tree: document.toJS() ?? {}, place };
}

function offsetOf(node: unknown): number | undefined {
  return (node as Partial<Node> | null | undefined)?.range?.[0];
}
