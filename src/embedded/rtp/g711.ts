/** ITU-T G.711: both laws by table, one octet per sample of 1/8000 s. */
import type { CodecName } from './media.ts';

export interface Law {
  readonly name: CodecName;
  /** The octet of digital silence. */
  readonly silence: number;
  /** Writes `payload` as linear samples to the start of `into`. */
  decode(payload: Uint8Array, into: Int16Array): void;
  /** Writes `samples` as octets to `into`, from octet `at` on. */
  encode(samples: Int16Array, into: Uint8Array, at: number): void;
}

/** µ-law: sign, 3 bits of exponent, 4 bits of mantissa, all inverted; bias 33 on a 14-bit scale = 132 on 16 bits. */
function muLawToLinear(octet: number): number {
  const code = ~octet & 0xff;
  const magnitude = ((((code & 0x0f) << 3) + 0x84) << ((code >> 4) & 0x07)) - 0x84;
  return code & 0x80 ? -magnitude : magnitude;
}

/** A-law: sign, 3 bits of exponent, 4 bits of mantissa, even bits inverted. */
function aLawToLinear(octet: number): number {
  const code = octet ^ 0x55;
  const exponent = (code >> 4) & 0x07;
  const mantissa = ((code & 0x0f) << 4) + 8;
  const magnitude = exponent === 0 ? mantissa : (mantissa + 0x100) << (exponent - 1);
  return code & 0x80 ? magnitude : -magnitude;
}

const MU_LAW_BIAS = 0x84;
const MU_LAW_CLIP = 32635;

function linearToMuLaw(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(Math.abs(sample), MU_LAW_CLIP) + MU_LAW_BIAS;
  const exponent = 24 - Math.clz32(magnitude >> 0);
  const mantissa = (magnitude >> (exponent + 3)) & 0x0f;
  return ~(sign | (exponent << 4) | mantissa) & 0xff;
}

function linearToALaw(sample: number): number {
  const sign = sample >= 0 ? 0x80 : 0;
  const magnitude = sample >= 0 ? sample : -sample - 1;
  const exponent = Math.max(0, 24 - Math.clz32(magnitude));
  const mantissa = (magnitude >> (exponent === 0 ? 4 : exponent + 3)) & 0x0f;
  return (sign | (exponent << 4) | mantissa) ^ 0x55;
}

function lawOf(
  name: CodecName,
  silence: number,
  toLinear: (octet: number) => number,
  toOctet: (sample: number) => number,
): Law {
  const linear = Int16Array.from({ length: 0x100 }, (_, octet) => toLinear(octet));
  const octets = Uint8Array.from({ length: 0x10000 }, (_, bits) => toOctet((bits << 16) >> 16));
  return {
    name,
    silence,
    decode(payload, into) {
      for (let i = 0; i < payload.length; i++) into[i] = linear[payload[i] ?? silence] ?? 0;
    },
    encode(samples, into, at) {
      for (let i = 0; i < samples.length; i++) into[at + i] = octets[(samples[i] ?? 0) & 0xffff] ?? silence;
    },
  };
}

/** A-law knows no zero: its silence is +8. */
export const LAWS: Readonly<Record<CodecName, Law>> = {
  PCMU: lawOf('PCMU', 0xff, muLawToLinear, linearToMuLaw),
  PCMA: lawOf('PCMA', 0xd5, aLawToLinear, linearToALaw),
};
