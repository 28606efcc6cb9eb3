import { readFile, writeFile } from 'node:fs/promises';
import { sampleRate } from './spectrum.ts';

/**
 * Samples of a 16 bit mono WAV file of 8 kHz. A file whose writer was ended has a wrong length in its header: sound is read to the end.
 * @throws RangeError for any other kind of file.
 */
export function decodeWav(file: Buffer): Int16Array {
  if (file.toString('latin1', 0, 4) !== 'RIFF' || file.toString('latin1', 8, 12) !== 'WAVE') {
    throw new RangeError('no WAV file');
  }
  for (let at = 12; at + 8 <= file.length; ) {
    const [id, length, start] = [file.toString('latin1', at, at + 4), file.readUInt32LE(at + 4), at + 8];
    if (id === 'fmt ') {
      const [channels, rate, bits] = [
        file.readUInt16LE(start + 2),
        file.readUInt32LE(start + 4),
        file.readUInt16LE(start + 14),
      ];
      if (channels !== 1 || rate !== sampleRate || bits !== 16)
        throw new RangeError(`${channels} × ${rate} Hz × ${bits} bit`);
    }
    if (id === 'data') {
      const known = length > 0 && start + length <= file.length;
      const samples = Math.floor((known ? length : file.length - start) / 2);
      return Int16Array.from({ length: samples }, (_, n) => file.readInt16LE(start + 2 * n));
    }
    at = start + length + (length % 2);
  }
  throw new RangeError('a WAV file without sound');
}

export function encodeWav(samples: Int16Array): Buffer {
  const file = Buffer.alloc(44 + 2 * samples.length);
  file.write('RIFF', 0, 'latin1');
  file.writeUInt32LE(file.length - 8, 4);
  file.write('WAVEfmt ', 8, 'latin1');
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(sampleRate, 24);
  file.writeUInt32LE(2 * sampleRate, 28);
  file.writeUInt16LE(2, 32);
  file.writeUInt16LE(16, 34);
  file.write('data', 36, 'latin1');
  file.writeUInt32LE(2 * samples.length, 40);
  for (const [n, sample] of samples.entries()) file.writeInt16LE(sample, 44 + 2 * n);
  return file;
}

export const readWav = async (path: string | URL): Promise<Int16Array> => decodeWav(await readFile(path));
export const writeWav = (path: string | URL, samples: Int16Array): Promise<void> => writeFile(path, encodeWav(samples));
