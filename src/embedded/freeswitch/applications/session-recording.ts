import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ChannelHandle } from '../channel/handle.ts';
import { tellLength } from './record.ts';

/**
 * Records a leg, both directions, beside whatever else it does: `record_session` and `uuid_record`. As on FreeSWITCH the
 * directory is made where it is missing, and a second order for the same file changes nothing.
 *
 * @param seconds 0: until it is stopped or the channel ends
 * @throws when the file cannot be made
 */
export async function startRecording(channel: ChannelHandle, path: string, seconds = 0): Promise<void> {
  if (channel.recordings.has(path)) return;
  await mkdir(dirname(path), { recursive: true });
  await channel.media.startRecording(path, { stereo: channel.variable('RECORD_STEREO') === 'true' });
  const timer = seconds > 0 ? setTimeout(() => void stopRecording(channel, path), seconds * 1000).unref() : undefined;
  channel.recordings.set(path, () => clearTimeout(timer));
  channel.publish('RECORD_START', [['Record-File-Path', path]]);
}

/** @returns false when that file is not being recorded to */
export async function stopRecording(channel: ChannelHandle, path: string): Promise<boolean> {
  const forget = channel.recordings.get(path);
  if (forget === undefined) return false;
  channel.recordings.delete(path);
  forget();
  try {
    const { samples } = await channel.media.stopRecording(path);
    const { size } = await stat(path);
    channel.variables.set('record_file_size', String(size));
    tellLength(channel.variables, samples);
    channel.variables.set('record_completion_cause', 'success-maxtime');
  } catch {
    return false; // the stream is closed, or the disk is full: there is no file to tell of
  }
  const headers: [string, string][] = [['Record-File-Path', path]];
  channel.publish('RECORD_STOP', [...headers, ['Record-Completion-Cause', 'success-maxtime']]);
  return true;
}

export async function stopAllRecordings(channel: ChannelHandle): Promise<boolean> {
  const stopped = await Promise.all([...channel.recordings.keys()].map((path) => stopRecording(channel, path)));
  return stopped.includes(true);
}
