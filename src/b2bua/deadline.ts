import { EarpieceError } from '../coaching/errors.ts';

/** Settles like `promise`, or rejects with `timeout` after `ms` milliseconds. What comes later is dropped. */
export function within<T>(promise: Promise<T>, ms: number, what: string): Promise<T> {
  const { promise: late, reject } = withResolvers<never>();
  const timer = setTimeout(() => reject(new EarpieceError('timeout', `${what} took longer than ${ms} ms`)), ms);
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Settles like `promise`, or rejects with what `reason` makes when `signal` is aborted first. */
export function unless<T>(signal: AbortSignal, promise: Promise<T>, reason: () => Error): Promise<T> {
  const { promise: aborted, reject } = withResolvers<never>();
  const abort = () => reject(reason());
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  return Promise.race([aborted, promise]).finally(() => signal.removeEventListener('abort', abort));
}

/** Promise.withResolvers, which Node 20 does not have. */
export function withResolvers<T>(): {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (error: Error) => void;
} {
  let resolve: ((value: T) => void) | undefined;
  let reject: ((error: Error) => void) | undefined;
  const promise = new Promise<T>((fulfil, refuse) => {
    resolve = fulfil;
    reject = refuse;
  });
  if (resolve === undefined || reject === undefined) throw new TypeError('a promise runs its executor at once');
  return { promise, resolve, reject };
}
