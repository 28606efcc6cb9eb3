import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Nonces, ownNonceKey } from '../../../src/b2bua/nonces.ts';

it("knows its own nonces, and nobody else's", () => {
  const [ours, theirs] = [new Nonces(1000, ownNonceKey()), new Nonces(1000, ownNonceKey())];
  const nonce = ours.create(5);
  expect(ours.check(nonce, 1, 5)).toBe('fresh');
  expect(theirs.check(nonce, 1, 5)).toBe('foreign');
  fc.assert(fc.property(fc.string(), (text) => ours.check(text, 1, 5) === 'foreign'));
});

it('keeps a bounded number of counts, and accepts none of which it has forgotten the count', () => {
  const nonces = new Nonces(1_000_000, ownNonceKey());
  const first = nonces.create(0);
  nonces.use(first, 7);
  for (let n = 1; n <= 10_000; n++) nonces.use(nonces.create(n), 1);
  expect(nonces.check(first, 8, 10_001)).toBe('stale');
  const later = nonces.create(10_001);
  expect(nonces.check(later, 1, 10_001)).toBe('fresh');
});

it('knows the nonces of whoever has the same key', () => {
  const key = ownNonceKey();
  const [one, other] = [new Nonces(1000, key), new Nonces(1000, key)];
  expect(other.check(one.create(5), 1, 5)).toBe('fresh');
  expect(other.check(one.create(5), 1, 2000)).toBe('stale');
});
