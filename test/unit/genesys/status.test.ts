import { describe, expect, it } from 'vitest';
import { EarpieceError, type ErrorCode } from '../../../src/coaching/errors.ts';
import { failureOf, RequestError, type RequestFault } from '../../../src/genesys/status.ts';

describe('the table of failures', () => {
  it.each<[ErrorCode, number, number]>([
    ['invalid-request', 400, 2],
    ['invalid-state', 409, 2],
    ['forbidden', 403, 3],
    ['not-found', 404, 6],
    ['already-monitored', 409, 19],
    ['unavailable', 503, 4],
    ['timeout', 504, 4],
    ['isolation-lost', 503, 4],
  ])('%s → %i, %i', (code, http, statusCode) => {
    expect(failureOf(new EarpieceError(code, 'why'))).toEqual({ http, body: { statusCode, statusMessage: 'why' } });
  });

  it.each<[RequestFault, number, number]>([
    ['parameter-missing', 400, 1],
    ['parameter-invalid', 400, 2],
    ['not-authenticated', 401, 20],
    ['permission-missing', 403, 5],
    ['csrf-token-missing', 403, 3],
    ['resource-unknown', 404, 6],
    ['method-not-allowed', 405, 3],
    ['body-too-large', 413, 10],
    ['not-json', 415, 2],
  ])('%s → %i, %i', (fault, http, statusCode) => {
    expect(failureOf(new RequestError(fault, 'why'))).toEqual({ http, body: { statusCode, statusMessage: 'why' } });
  });

  it('says nothing of what is inside', () => {
    expect(failureOf(new TypeError('x is undefined'))).toEqual({
      http: 500,
      body: { statusCode: 4, statusMessage: 'an internal error occurred' },
    });
  });
});
