import { describe, expect, it } from 'vitest';
import { connectDirectly, type Negotiator } from '../../../src/b2bua/direct-media.ts';
import { EarpieceError } from '../../../src/coaching/errors.ts';
import type { Sdp } from '../../../src/coaching/leg.ts';

const wanted = new AbortController().signal;
const sdp = (port: number, codecs: string) =>
  `v=0\r\no=- ${port} 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\nm=audio ${port} RTP/AVP ${codecs}\r\n`;

/** A phone behind a leg: what it says when it is offered something, and what it was told. */
class FakePhone implements Negotiator {
  remote: Sdp;
  local: Sdp = sdp(9000, '0');
  readonly told: Sdp[] = [];
  readonly #says: (offer: Sdp, time: number) => Sdp;

  constructor(remote: Sdp, says: (offer: Sdp, time: number) => Sdp = () => remote) {
    this.remote = remote;
    this.#says = says;
  }

  offer(offer: Sdp): Promise<Sdp> {
    this.told.push(offer);
    try {
      this.remote = this.#says(offer, this.told.length);
    } catch (error) {
      return Promise.reject(EarpieceError.from(error));
    }
    this.local = offer;
    return Promise.resolve(this.remote);
  }

  solicit(): ReturnType<Negotiator['solicit']> {
    const offer = sdp(1234, '0 8');
    return Promise.resolve({
      offer,
      answer: (answer) => {
        this.remote = offer;
        this.told.push(answer);
      },
      decline: () => this.told.push('declined'),
    });
  }
}

describe('connecting two phones directly', () => {
  it('takes one offer each, at the same time, where they answer what they said before', async () => {
    const [a, b] = [new FakePhone(sdp(1000, '0')), new FakePhone(sdp(2000, '0 8'), () => sdp(2000, '0'))];
    await connectDirectly(a, b, wanted);
    expect([a.told, b.told]).toEqual([[sdp(2000, '0 8')], [sdp(1000, '0')]]);
  });

  it('tells the other when a phone has moved with its answer', async () => {
    const [a, b] = [new FakePhone(sdp(1000, '0'), () => sdp(1002, '0')), new FakePhone(sdp(2000, '0'))];
    await connectDirectly(a, b, wanted);
    expect(a.told).toEqual([sdp(2000, '0')]);
    expect(b.told).toEqual([sdp(1000, '0'), sdp(1002, '0')]);
  });

  it('tells both when both have moved, and each ends up knowing where the other is', async () => {
    const a = new FakePhone(sdp(1000, '0'), (_offer, time) => sdp(1000 + 2 * Math.min(time, 2), '0'));
    const b = new FakePhone(sdp(2000, '0'), (_offer, time) => sdp(2000 + 2 * Math.min(time, 2), '0'));
    await connectDirectly(a, b, wanted);
    expect([a.told.at(-1), b.told.at(-1)]).toEqual([b.remote, a.remote]);
  });

  it('lets one make a fresh offer when a phone never stays where it is', async () => {
    const a = new FakePhone(sdp(1000, '0'), (_offer, time) => sdp(1000 + 2 * time, '0'));
    const b = new FakePhone(sdp(2000, '0'), (_offer, time) => sdp(2000 + 2 * time, '0'));
    await connectDirectly(a, b, wanted);
    expect([b.told.at(-1), a.told.at(-1)]).toEqual([sdp(1234, '0 8'), b.remote]);
  });

  it('lets one make a fresh offer when they have no codec in common, and closes it when the other refuses', async () => {
    const [a, b] = [new FakePhone(sdp(1000, '0')), new FakePhone(sdp(2000, '8'))];
    await connectDirectly(a, b, wanted);
    expect([a.told, b.told]).toEqual([[sdp(2000, '8')], [sdp(1234, '0 8')]]);
    const refusing = new FakePhone(sdp(2000, '8'), () => {
      throw new EarpieceError('unavailable', 'no');
    });
    const waiting = new FakePhone(sdp(1000, '0'));
    await expect(connectDirectly(waiting, refusing, wanted)).rejects.toMatchObject({ code: 'unavailable' });
    expect(waiting.told).toEqual(['declined']);
  });

  const refuses = () => {
    throw new EarpieceError('unavailable', 'no');
  };

  it('leaves the phone that went along where it is when the other refuses, and tells the other alone the next time', async () => {
    let willing = false;
    const a = new FakePhone(sdp(1000, '0'));
    const b = new FakePhone(sdp(2000, '0'), () => (willing ? sdp(2000, '0') : refuses()));
    await expect(connectDirectly(a, b, wanted)).rejects.toMatchObject({ code: 'unavailable' });
    expect(a.told).toEqual([sdp(2000, '0')]);
    willing = true;
    await connectDirectly(a, b, wanted);
    expect(a.told).toEqual([sdp(2000, '0')]);
    expect(b.told).toEqual([sdp(1000, '0'), sdp(1000, '0')]);
  });

  it('leaves a phone alone that never went elsewhere', async () => {
    const [a, b] = [new FakePhone(sdp(1000, '0 8'), refuses), new FakePhone(sdp(2000, '0'))];
    a.local = sdp(2000, '0 8');
    await connectDirectly(a, b, wanted);
    expect([a.told, b.told]).toEqual([[], [sdp(1000, '0 8')]]);
    await connectDirectly(a, b, wanted);
    expect([a.told, b.told]).toEqual([[], [sdp(1000, '0 8')]]);
  });

  it('does not mind the refusal of a phone that turns out to know where the other is', async () => {
    const [a, b] = [new FakePhone(sdp(1000, '0'), refuses), new FakePhone(sdp(3000, '0'), () => sdp(2000, '0'))];
    a.local = sdp(2000, '0');
    await connectDirectly(a, b, wanted);
    expect([a.told, b.told]).toEqual([[sdp(3000, '0')], [sdp(1000, '0')]]);
  });

  describe('that talked in another codec before', () => {
    const before = [sdp(1000, '9 0'), sdp(2000, '9')] as const;
    const wide = (port: number) => (offer: Sdp) => sdp(port, / 9\b/.test(offer) ? '9' : '0');

    it('gives it back to them', async () => {
      const [a, b] = [new FakePhone(sdp(1000, '0'), wide(1000)), new FakePhone(sdp(2000, '0'), wide(2000))];
      await connectDirectly(a, b, wanted, before);
      expect([a.told, b.told]).toEqual([[before[1]], [before[0]]]);
      expect([a.remote, b.remote]).toEqual([sdp(1000, '9'), sdp(2000, '9')]);
    });

    it('leaves the one alone that did not leave it', async () => {
      const [a, b] = [new FakePhone(sdp(1000, '0'), wide(1000)), new FakePhone(before[1], refuses)];
      b.local = before[0];
      await connectDirectly(a, b, wanted, before);
      expect([a.told, b.told]).toEqual([[before[1]], []]);
    });

    it.each([
      ['one has moved since', sdp(1002, '0')],
      ['one holds the other since', `${sdp(1000, '0')}a=sendonly\r\n`],
    ])('goes by what they said last where %s', async (_, said) => {
      const [a, b] = [new FakePhone(said), new FakePhone(sdp(2000, '0'))];
      await connectDirectly(a, b, wanted, before);
      expect([a.told, b.told]).toEqual([[sdp(2000, '0')], [said]]);
    });
  });

  it('offers nothing more once something newer was decided', async () => {
    const newer = new AbortController();
    const a = new FakePhone(sdp(1000, '0'), () => sdp(1002, '0'));
    const b = new FakePhone(sdp(2000, '0'), () => {
      newer.abort('anchored');
      return sdp(2000, '0');
    });
    await expect(connectDirectly(a, b, newer.signal)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(connectDirectly(a, b, newer.signal)).rejects.toMatchObject({ code: 'unavailable' });
    expect([a.told, b.told]).toEqual([[sdp(2000, '0')], [sdp(1000, '0')]]);
  });

  /** Something newer is decided while this phone is asked for an offer. */
  class Overtaken extends FakePhone {
    readonly newer = new AbortController();

    override solicit(): ReturnType<Negotiator['solicit']> {
      this.newer.abort('anchored');
      return super.solicit();
    }
  }

  it('takes the fresh offer of a phone to nobody once something newer was decided, and closes it', async () => {
    const [a, b] = [new Overtaken(sdp(1000, '0')), new FakePhone(sdp(2000, '8'))];
    await expect(connectDirectly(a, b, a.newer.signal)).rejects.toMatchObject({ code: 'unavailable' });
    expect([a.told, b.told]).toEqual([['declined'], []]);
  });

  it('nor that of a phone that never stays where it is', async () => {
    const a = new Overtaken(sdp(1000, '0'), (_offer, time) => sdp(1000 + 2 * time, '0'));
    const b = new FakePhone(sdp(2000, '0'), (_offer, time) => sdp(2000 + 2 * time, '0'));
    await expect(connectDirectly(a, b, a.newer.signal)).rejects.toMatchObject({ code: 'unavailable' });
    expect(a.told.at(-1)).toBe('declined');
    expect(b.told).not.toContain(sdp(1234, '0 8'));
  });
});
