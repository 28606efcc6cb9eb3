import { EarpieceError, type ErrorCode } from '../coaching/errors.ts';

/** What can be wrong with a request before the core has seen it. */
export type RequestFault =
  | 'parameter-missing'
  | 'parameter-invalid'
  | 'not-authenticated'
  | 'permission-missing'
  | 'csrf-token-missing'
  | 'resource-unknown'
  | 'method-not-allowed'
  | 'body-too-large'
  | 'not-json';

export class RequestError extends Error {
  readonly fault: RequestFault;

  constructor(fault: RequestFault, message: string) {
    super(message);
    this.name = 'RequestError';
    this.fault = fault;
  }
}

export interface Status {
  readonly http: number;
  /** The status code of the Web Services API. */
  readonly statusCode: number;
}

/** The one table of failures: the words used inside, HTTP's status, the API's status code. */
const STATUS: Readonly<Record<ErrorCode | RequestFault | 'internal', Status>> = {
  'parameter-missing': { http: 400, statusCode: 1 },
  'parameter-invalid': { http: 400, statusCode: 2 },
  'invalid-request': { http: 400, statusCode: 2 },
  'not-json': { http: 415, statusCode: 2 },
  'body-too-large': { http: 413, statusCode: 10 },
  'invalid-state': { http: 409, statusCode: 2 },
  'method-not-allowed': { http: 405, statusCode: 3 },
  'csrf-token-missing': { http: 403, statusCode: 3 },
  forbidden: { http: 403, statusCode: 3 },
  'permission-missing': { http: 403, statusCode: 5 },
  'not-found': { http: 404, statusCode: 6 },
  'resource-unknown': { http: 404, statusCode: 6 },
  'already-monitored': { http: 409, statusCode: 19 },
  'not-authenticated': { http: 401, statusCode: 20 },
  internal: { http: 500, statusCode: 4 },
  unavailable: { http: 503, statusCode: 4 },
  timeout: { http: 504, statusCode: 4 },
  'isolation-lost': { http: 503, statusCode: 4 },
};

export const statusOf = (fault: ErrorCode | RequestFault | 'internal'): Status => STATUS[fault];

export interface Failure {
  readonly http: number;
  readonly body: { readonly statusCode: number; readonly statusMessage: string };
}

/** How a failure is told to a client. What is not an error of ours is told without its details. */
export function failureOf(error: unknown): Failure {
  if (error instanceof RequestError) return failure(STATUS[error.fault], error.message);
  if (error instanceof EarpieceError) return failure(STATUS[error.code], error.message);
  return failure(STATUS.internal, 'an internal error occurred');
}

function failure({ http, statusCode }: Status, statusMessage: string): Failure {
  return { http, body: { statusCode, statusMessage } };
}

export const OK = { statusCode: 0 } as const;
