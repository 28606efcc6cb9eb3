import type { AppConnection } from './app-connection.ts';

/** Who serves which verb: applications take turns, verb by verb. */
export class AppRegistry {
  readonly #apps = new Set<AppConnection>();
  readonly #turns = new Map<string, number>();

  add(app: AppConnection): void {
    this.#apps.add(app);
  }

  delete(app: AppConnection): void {
    this.#apps.delete(app);
  }

  /** The next application in turn for `method`, of those with `tag` when one is given. */
  pick(method: string, tag?: string): AppConnection | undefined {
    const verb = method.toLowerCase();
    const serving: AppConnection[] = [];
    for (const app of this.#apps) {
      if (app.connected && app.verbs.has(verb) && (tag === undefined || app.tags.includes(tag))) serving.push(app);
    }
    const turn = this.#turns.get(verb) ?? 0;
    this.#turns.set(verb, turn + 1);
    return serving[turn % Math.max(1, serving.length)];
  }
}
