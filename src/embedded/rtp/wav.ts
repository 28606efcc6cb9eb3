/** RIFF/WAVE: reads PCM (8 and 16 bit) and G.711, any rate, any channels, as mono 8 kHz; writes 16-bit PCM at 8 kHz. */
import { LAWS } from './g711.ts';

const RATE = 8000;
export const WAV_HEADER_BYTES = 44;

/** @param frames samples per channel */
export function wavHeader(channels: 1 | 2, frames: number): Buffer {
  const bytes = frames * channels * 2;
  const header = Buffer.alloc(WAV_HEADER_BYTES);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(36 + bytes, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(channels, 22);
  header.writeUInt32LE(RATE, 24);
  header.writeUInt32LE(RATE * channels * 2, 28);
  header.writeUInt16LE(channels * 2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(bytes, 40);
  return header;
}

interface Format {
  readonly coding: number;
  readonly channels: number;
  readonly rate: number;
  readonly bits: number;
}

/** @returns mono samples at 8 kHz; @throws on what is no WAVE file, or in a coding that is not known */
export function readWav(file: Buffer): Int16Array {
  if (file.toString('latin1', 0, 4) !== 'RIFF' || file.toString('latin1', 8, 12) !== 'WAVE') {
    throw new Error('not a WAVE file');
  }
  let format: Format | undefined;
  for (let at = 12; at + 8 <= file.length; ) {
    const name = file.toString('latin1', at, at + 4);
    const size = file.readUInt32LE(at + 4);
    const chunk = file.subarray(at + 8, Math.min(file.length, at + 8 + size));
    if (name === 'fmt ') format = formatOf(chunk);
    if (name === 'data') {
      if (!format) throw new Error('a WAVE file without a format');
      return resample(toMono(toLinear(chunk, format), format.channels), format.rate);
    }
    // Chunks are padded to an even length.
    at += 8 + size + (size & 1);
  }
  throw new Error('a WAVE file without samples');
}

function formatOf(chunk: Buffer): Format {
  if (chunk.length < 16) throw new Error('a WAVE file with a broken format');
  const coding = chunk.readUInt16LE(0);
  return {
    // WAVE_FORMAT_EXTENSIBLE carries the coding in the first octets of its GUID.
    coding: coding === 0xfffe && chunk.length >= 26 ? chunk.readUInt16LE(24) : coding,
    channels: Math.max(1, chunk.readUInt16LE(2)),
    rate: Math.max(1, chunk.readUInt32LE(4)),
    bits: chunk.readUInt16LE(14),
  };
}

function toLinear(octets: Buffer, { coding, bits }: Format): Int16Array {
  if (coding === 1 && bits === 16) {
    return Int16Array.from({ length: octets.length >> 1 }, (_, i) => octets.readInt16LE(i * 2));
  }
  if (coding === 1 && bits === 8) return Int16Array.from(octets, (octet) => (octet - 128) << 8);
  if (coding === 6 || coding === 7) {
    const samples = new Int16Array(octets.length);
    LAWS[coding === 6 ? 'PCMA' : 'PCMU'].decode(octets, samples);
    return samples;
  }
  throw new Error(`WAVE coding ${coding} with ${bits} bits is not known`);
}

function toMono(samples: Int16Array, channels: number): Int16Array {
  if (channels === 1) return samples;
  return Int16Array.from({ length: Math.floor(samples.length / channels) }, (_, frame) => {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++) sum += samples[frame * channels + channel] ?? 0;
    return Math.round(sum / channels);
  });
}

/** Down: the mean of the samples that fall into one of ours. Up: straight lines between them. Good enough for prompts. */
function resample(samples: Int16Array, rate: number): Int16Array {
  if (rate === RATE) return samples;
  const ratio = rate / RATE;
  return Int16Array.from({ length: Math.floor(samples.length / ratio) }, (_, i) => {
    const from = i * ratio;
    if (ratio < 1) {
      const left = Math.floor(from);
      const share = from - left;
      return Math.round((samples[left] ?? 0) * (1 - share) + (samples[left + 1] ?? samples[left] ?? 0) * share);
    }
    let sum = 0;
    let count = 0;
    for (let j = Math.ceil(from); j < from + ratio && j < samples.length; j++, count++) sum += samples[j] ?? 0;
    return count === 0 ? 0 : Math.round(sum / count);
  });
}
