/**
 * G.711 for the tests, written from ITU-T G.711 tables 1 and 2 and on purpose not shared with the product: an oracle that
 * used the codec under test would hear what that codec wants it to hear.
 *
 * `G722` stands for a codec that no room speaks. Its packets are as long as those of G.722 and count time alike (RFC 3551 section 4.5.2);
 * what is in them only another phone of a test understands.
 */
export type Codec = 'PCMU' | 'PCMA' | 'G722';

/** Static payload types of RFC 3551 table 4. */
export const payloadTypes: Readonly<Record<Codec, number>> = { PCMU: 0, PCMA: 8, G722: 9 };

const codecs = Object.keys(payloadTypes) as Codec[];

/** The codec of a static payload type, or undefined when the packet carries no speech we can read. */
export function codecOf(payloadType: number): Codec | undefined {
  return codecs.find((codec) => payloadTypes[codec] === payloadType);
}

/** μ-law: 14 bit magnitude with bias 33, here scaled to 16 bit (bias 132); all bits are sent inverted. */
function expandMuLaw(code: number): number {
  const bits = ~code & 0xff;
  const segment = (bits >> 4) & 7;
  const magnitude = (((bits & 15) << 3) + 132) * 2 ** segment - 132;
  return (bits & 0x80) !== 0 ? -magnitude : magnitude;
}

/** A-law: 13 bit magnitude scaled to 16 bit; even bits are sent inverted (XOR 0x55). */
function expandALaw(code: number): number {
  const bits = code ^ 0x55;
  const segment = (bits >> 4) & 7;
  const step = ((bits & 15) << 4) + 8;
  const magnitude = segment === 0 ? step : (step + 256) * 2 ** (segment - 1);
  return (bits & 0x80) !== 0 ? magnitude : -magnitude;
}

interface Tables {
  readonly expand: Int16Array;
  /** Indexed by sample + 32768: the code whose value is nearest. */
  readonly compress: Uint8Array;
}

function tablesOf(expandOne: (code: number) => number): Tables {
  const expand = Int16Array.from({ length: 256 }, (_, code) => expandOne(code));
  const codes = Array.from({ length: 256 }, (_, code) => code).sort((a, b) => expandOne(a) - expandOne(b));
  const compress = new Uint8Array(65_536);
  let nearest = 0;
  for (let sample = -32_768; sample <= 32_767; sample++) {
    const distance = (index: number) => Math.abs(expandOne(codes[index] ?? 0) - sample);
    while (nearest < 255 && distance(nearest + 1) <= distance(nearest)) nearest++;
    compress[sample + 32_768] = codes[nearest] ?? 0;
  }
  return { expand, compress };
}

const tables: Readonly<Record<Codec, Tables>> = {
  PCMU: tablesOf(expandMuLaw),
  PCMA: tablesOf(expandALaw),
  G722: tablesOf(expandMuLaw),
};

/** Makes noise of the bytes of a packet of `G722`, and bytes of the noise. */
const scrambled = (codec: Codec, payload: Uint8Array): Uint8Array =>
  codec === 'G722' ? payload.map((byte, n) => byte ^ ((n * n * 167 + n * 59 + 90) & 0xff)) : payload;

/** 16 bit samples to one byte each. */
export function encode(codec: Codec, samples: Int16Array): Uint8Array {
  const { compress } = tables[codec];
  const payload = new Uint8Array(samples.length);
  for (let n = 0; n < samples.length; n++) payload[n] = compress[(samples[n] ?? 0) + 32_768] ?? 0;
  return scrambled(codec, payload);
}

/** One byte each to 16 bit samples. */
export function decode(codec: Codec, payload: Uint8Array): Int16Array {
  const { expand } = tables[codec];
  const codes = scrambled(codec, payload);
  const samples = new Int16Array(payload.length);
  for (let n = 0; n < payload.length; n++) samples[n] = expand[codes[n] ?? 0] ?? 0;
  return samples;
}
