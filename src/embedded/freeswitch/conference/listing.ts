import type { ConferenceRecording } from './recording.ts';
import type { Relations } from './relations.ts';
import { counted, ghosts, type MemberState, type Roster } from './roster.ts';

/** What a listing says about the channel behind a member. */
export interface Caller {
  readonly uuid: string;
  readonly channelName: string;
  readonly callerIdName: string;
  readonly callerIdNumber: string;
}

/** A conference as its listings show it. */
export interface ListedConference {
  readonly name: string;
  readonly uuid: string;
  readonly roster: Roster;
  readonly locked: boolean;
  readonly recordings: { readonly all: readonly ConferenceRecording[] };
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  caller(member: MemberState): Caller;
}

const PROFILE_FLAGS = ['audio_always', 'running', 'answered', 'enforce_min', 'dynamic', 'exit_sound', 'enter_sound'];

/** `conference <name> list`: one line a member, `id;channel;uuid;name;number;flags;volume in;volume out;energy`. */
export function memberLines(conference: ListedConference, delimiter = ';'): string {
  const line = (member: MemberState): string => {
    const caller = conference.caller(member);
    const flags = memberFlags(conference.roster, member);
    const fields = [member.id, caller.channelName, caller.uuid, caller.callerIdName, caller.callerIdNumber, flags];
    return [...fields, member.volumeIn, member.volumeOut, member.energy].join(delimiter);
  };
  return conference.roster.members.map((each) => `${line(each)}\n`).join('');
}

/** `conference list`: a heading, then its members. */
export function conferenceLines(conference: ListedConference): string {
  const count = conference.roster.members.length;
  const { locked } = conference;
  const recording = isRecorded(conference) ? ['recording'] : [];
  const flags = [...(locked ? ['locked'] : []), ...PROFILE_FLAGS, ...recording, 'json_status'].join('|');
  const heading = `${count} member${count === 1 ? '' : 's'} rate: 8000 ${locked ? 'locked ' : ''}flags: ${flags}`;
  return `+OK Conference ${conference.name} (${heading})\n${memberLines(conference)}`;
}

/** `relate 0` and `relate <id>`: `3 -> 1 NOSPEAK HEAR NOSENDVIDEO`, in the order of the member list. */
export function relationLines(roster: Roster, owner: number): string {
  if (isEmpty(roster.relations)) return '+OK No relationships\n';
  return roster.members
    .filter(({ id }) => owner === 0 || id === owner)
    .flatMap(({ id }) =>
      [...(roster.relations.get(id) ?? [])].map(([other, { speak, hear }]) => {
        const words = `${speak ? 'SPEAK' : 'NOSPEAK'} ${hear ? 'HEAR' : 'NOHEAR'} NOSENDVIDEO`;
        return `${id} -> ${other} ${words} \n`;
      }),
    )
    .join('');
}

/** `json_list`: the fields of FreeSWITCH 1.10.12, without its white space when `compact`. */
export function jsonList(conferences: readonly ListedConference[], now: number, compact = false): string {
  const list = conferences.map((conference) => ({
    conference_name: conference.name,
    member_count: counted(conference.roster),
    ghost_count: ghosts(conference.roster),
    rate: 8000,
    run_time: seconds(now - conference.createdAt),
    conference_uuid: conference.uuid,
    canvas_count: 0,
    max_bw_in: 0,
    force_bw_in: 0,
    video_floor_packets: 0,
    locked: conference.locked,
    destruct: false,
    wait_mod: false,
    audio_always: true,
    running: true,
    answered: true,
    enforce_min: true,
    bridge_to: false,
    dynamic: true,
    exit_sound: true,
    enter_sound: true,
    recording: isRecorded(conference),
    video_bridge: false,
    video_floor_only: false,
    video_rfc4579: false,
    variables: {},
    members: [
      ...conference.recordings.all.map(jsonRecording),
      ...conference.roster.members.map((each) => jsonMember(conference, each, now)),
    ],
  }));
  return compact ? JSON.stringify(list) : cJson(list);
}

/** `xml_list` */
export function xmlList(conferences: readonly ListedConference[], now: number): string {
  const body = conferences.map((conference) => {
    const flags = `${conference.locked ? 'locked="true" ' : ''}audio_always="true" running="true" answered="true" enforce_min="true" dynamic="true" exit_sound="true" enter_sound="true"${isRecorded(conference) ? ' recording="true"' : ''}`;
    const counts = `member-count="${counted(conference.roster)}" ghost-count="${ghosts(conference.roster)}"`;
    const recordings = conference.recordings.all.map(xmlRecording).join('');
    const members = recordings + conference.roster.members.map((each) => xmlMember(conference, each, now)).join('');
    return (
      `  <conference name="${escapeXml(conference.name)}" ${counts} rate="8000" uuid="${conference.uuid}" ${flags} ` +
      `run_time="${seconds(now - conference.createdAt)}">\n    <variables></variables>\n    <members>\n${members}` +
      `    </members>\n  </conference>\n`
    );
  });
  return `<?xml version="1.0"?>\n<conferences>\n${body.join('')}</conferences>\n`;
}

function memberFlags(roster: Roster, member: MemberState): string {
  const { canHear, canSpeak, talking, id } = member;
  const flags = [canHear && 'hear', canSpeak && 'speak', talking && 'talking', roster.floor === id && 'floor'];
  if (member.flags.has('moderator')) flags.push('moderator');
  if (member.flags.has('ghost')) flags.push('ghost');
  return flags.filter((flag) => flag !== false).join('|');
}

function isRecorded({ recordings }: ListedConference): boolean {
  return recordings.all.length > 0;
}

function jsonRecording({ path, startedAt }: ConferenceRecording): object {
  return { type: 'recording_node', record_path: path, join_time: seconds(startedAt) };
}

function xmlRecording({ path, startedAt }: ConferenceRecording): string {
  return (
    `      <member type="recording_node">\n        <record_path>${escapeXml(path)}</record_path>\n` +
    `        <join_time type="UNIX-epoch">${seconds(startedAt)}</join_time>\n      </member>\n`
  );
}

function jsonMember(conference: ListedConference, member: MemberState, now: number): object {
  const caller = conference.caller(member);
  return {
    type: 'caller',
    id: member.id,
    flags: {
      can_hear: member.canHear,
      can_see: true,
      can_speak: member.canSpeak,
      hold: member.held,
      mute_detect: false,
      talking: member.talking,
      has_video: false,
      video_bridge: false,
      has_floor: conference.roster.floor === member.id,
      is_moderator: member.flags.has('moderator'),
      end_conference: member.flags.has('endconf'),
      mandatory_member_end_conference: false,
      pass_digits: false,
    },
    uuid: caller.uuid,
    caller_id_name: caller.callerIdName,
    caller_id_number: caller.callerIdNumber,
    join_time: seconds(now - member.joinedAt),
    last_talking: member.lastTalking === undefined ? 0 : seconds(now - member.lastTalking),
    energy: member.energy,
    volume_in: member.volumeIn,
    volume_out: member.volumeOut,
    'output-volume': member.volumeOut,
    'input-volume': member.volumeIn,
  };
}

function xmlMember(conference: ListedConference, member: MemberState, now: number): string {
  const caller = conference.caller(member);
  const flags = {
    can_hear: member.canHear,
    can_see: true,
    can_speak: member.canSpeak,
    mute_detect: false,
    talking: member.talking,
    hold: member.held,
    has_video: false,
    video_bridge: false,
    has_floor: conference.roster.floor === member.id,
    is_moderator: member.flags.has('moderator'),
    end_conference: member.flags.has('endconf'),
    mandatory_member_end_conference: false,
    is_ghost: member.flags.has('ghost'),
  };
  const rest = {
    uuid: caller.uuid,
    caller_id_name: escapeXml(caller.callerIdName),
    caller_id_number: escapeXml(caller.callerIdNumber),
    join_time: seconds(now - member.joinedAt),
    last_talking: member.lastTalking === undefined ? 'N/A' : seconds(now - member.lastTalking),
    energy: member.energy,
    volume_in: member.volumeIn,
    volume_out: member.volumeOut,
    'output-volume': member.volumeOut,
  };
  const tags = (of: object, indent: string): string =>
    Object.entries(of)
      .map(([name, value]) => `${indent}<${name}>${String(value)}</${name}>\n`)
      .join('');
  return (
    `      <member type="caller">\n        <id>${member.id}</id>\n        <flags>\n${tags(flags, '          ')}` +
    `        </flags>\n${tags(rest, '        ')}      </member>\n`
  );
}

/** cJSON's way of printing: tabs, a tab after the colon, objects of a list side by side. */
function cJson(value: unknown, depth = 0): string {
  const tabs = '\t'.repeat(depth);
  if (Array.isArray(value)) return `[${value.map((each) => cJson(each, depth + 1)).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).map(
      ([key, of]) => `${tabs}\t${JSON.stringify(key)}:\t${cJson(of, depth + 1)}`,
    );
    return fields.length === 0 ? `{\n${tabs}}` : `{\n${fields.join(',\n')}\n${tabs}}`;
  }
  return JSON.stringify(value);
}

function isEmpty(relations: Relations): boolean {
  return relations.size === 0;
}

function seconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}

function escapeXml(text: string): string {
  return text.replace(/[<>&"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
