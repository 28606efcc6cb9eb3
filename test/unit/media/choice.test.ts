import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Candidate, choose } from '../../../src/media/choice.ts';

const candidate = fc.record<Candidate>({
  refusal: fc.option(fc.constantFrom('it is full', 'it is being drained'), { nil: undefined }),
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  rooms: fc.nat(100),
});
const fleet = fc.array(candidate, { maxLength: 8 });

describe('the server for a room', () => {
  it('is one that takes rooms, if there is any', () => {
    fc.assert(
      fc.property(fleet, (servers) => {
        const chosen = choose(servers);
        if (chosen === undefined) expect(servers.every(({ refusal }) => refusal !== undefined)).toBe(true);
        else expect(servers.includes(chosen) && chosen.refusal === undefined).toBe(true);
      }),
    );
  });

  it('is loaded less than no other that takes rooms, and of these has the fewest', () => {
    fc.assert(
      fc.property(fleet, (servers) => {
        const chosen = choose(servers);
        for (const other of servers.filter(({ refusal }) => refusal === undefined)) {
          expect(chosen?.share).toBeLessThanOrEqual(other.share);
          if (other.share === chosen?.share) expect(chosen.rooms).toBeLessThanOrEqual(other.rooms);
        }
      }),
    );
  });

  it('does not depend on servers that take none', () => {
    fc.assert(
      fc.property(fleet, (servers) => {
        expect(choose(servers)).toBe(choose(servers.filter(({ refusal }) => refusal === undefined)));
      }),
    );
  });
});
