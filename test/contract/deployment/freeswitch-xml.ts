import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const COMMAND = /^\s*<X-PRE-PROCESS cmd="([\w-]+)" data="([^"]*)"\/>\s*$/;

/** freeswitch.xml after what FreeSWITCH does before it parses: line by line, includes, variables, `$${…}`. */
export function preprocess(file: string, env: NodeJS.ProcessEnv): { xml: string; variables: Map<string, string> } {
  const variables = new Map<string, string>();
  const expand = (text: string) =>
    text.replaceAll(/\$\$\{(\w+)\}/g, (_, name: string) => {
      const value = variables.get(name);
      if (value === undefined) throw new Error(`$\${${name}} is nowhere set`);
      return value;
    });
  const read = (path: string): string[] =>
    readFileSync(path, 'utf8')
      .split('\n')
      .flatMap((raw) => {
        const line = expand(raw);
        // FreeSWITCH drops these lines, so that a validator may have them.
        if (/<\/?include>|<\?/.test(line)) return [];
        const [, command, data = ''] = COMMAND.exec(line) ?? [];
        if (command === undefined) return [line];
        if (command === 'include') return matching(join(dirname(path), data)).flatMap(read);
        const equals = data.indexOf('=');
        const [name, value] = [data.slice(0, equals), data.slice(equals + 1)];
        const found = command === 'env-set' ? env[value.slice(1)] : value;
        if (found !== undefined) variables.set(name, found);
        return [];
      });
  return { xml: read(file).join('\n'), variables };
}

function matching(pattern: string): string[] {
  if (!pattern.endsWith('/*.xml')) return [pattern];
  const folder = dirname(pattern);
  const found = readdirSync(folder).filter((name) => name.endsWith('.xml'));
  if (found.length === 0) throw new Error(`nothing to include at ${pattern}`);
  return found.sort().map((name) => join(folder, name));
}

export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Element[];
}

/** The elements of a document without text. Throws when it is not well-formed. */
export function parseXml(xml: string): Element {
  const root: Element = { name: '', attributes: {}, children: [] };
  const open = [root];
  const rest = xml
    .replaceAll(/<!--(?:(?!--)[^])*-->/g, '')
    .replaceAll(
      /<(\/?)([\w-]+)((?:\s+[\w-]+="[^"<]*")*)\s*(\/?)>/g,
      (_, closing: string, name: string, attributes: string, empty: string) => {
        if (closing !== '') {
          const last = open.pop();
          if (last?.name !== name) throw new Error(`</${name}> closes <${last?.name ?? ''}>`);
          return '';
        }
        const pairs = [...attributes.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value]);
        const element: Element = {
          name,
          attributes: Object.fromEntries(pairs) as Record<string, string>,
          children: [],
        };
        open.at(-1)?.children.push(element);
        if (empty === '') open.push(element);
        return '';
      },
    );
  if (open.length !== 1) throw new Error(`<${open.at(-1)?.name ?? ''}> is not closed`);
  if (rest.trim() !== '') throw new Error(`this is no element: ${rest.trim().slice(0, 80)}`);
  return root;
}

/** The elements on a path of `name` or `name=value of its attribute "name"`. */
export function at(from: Element, ...path: readonly string[]): Element[] {
  return path.reduce<Element[]>(
    (elements, step) => {
      const [name, value] = step.split('=');
      return elements.flatMap(({ children }) =>
        children.filter((each) => each.name === name && (value === undefined || each.attributes['name'] === value)),
      );
    },
    [from],
  );
}
