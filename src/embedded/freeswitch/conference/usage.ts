/** What FreeSWITCH 1.10.12 prints when a conference command lacks something, word for word and without a newline. */
const EVERYBODY = '[member_id|all]|last|non_moderator';

const SYNTAX: Readonly<Record<string, string>> = {
  energy: '<member_id|all|last|non_moderator> [<newval>]',
  volume_in: '<member_id|all|last|non_moderator> [<newval>]',
  volume_out: '<member_id|all|last|non_moderator> [<newval>]',
  play: '<file_path> [async|<member_id> [nomux]]',
  stop: '<[current|all|async|last]> [<member_id>]',
  record: '<filename>',
  norecord: '<[filename|all]>',
  recording: '[start|stop|check|pause|resume] [<filename>|all]',
  pause: '<filename>',
  resume: '<filename>',
  setvar: '<varname> <value>',
  getvar: '<varname>',
  hold: '<[member_id|all]|last|non_moderator> [file]',
  unhold: '<[member_id|all]|last|non_moderator>',
  pin: '<pin#>',
  'get-uuid': '<member_id|last>',
  agc: '<member_id|all|last|non_moderator> [<newval>]',
  saymember: '<member_id> <text>',
  say: '<text>',
  dtmf: '<[member_id|all|last|non_moderator]> <digits>',
  kick: '<[member_id|all|last|non_moderator]> [<optional sound file>]',
  hup: '<[member_id|all|last|non_moderator]>',
  mute: `<${EVERYBODY}> [<quiet>]`,
  tmute: `<${EVERYBODY}> [<quiet>]`,
  unmute: `<${EVERYBODY}> [<quiet>]`,
  deaf: `<${EVERYBODY}>`,
  undeaf: `<${EVERYBODY}>`,
  relate: '<member_id>[,<member_id>] <other_member_id>[,<other_member_id>] [nospeak|nohear|clear]',
  transfer: '<conference_name> <member id> [...<member id>]',
  get: '<parameter-name>',
  set: '<max_members|sound_prefix|caller_id_name|caller_id_number|endconference_grace_time> <value>',
};

export function usage(command: string): string {
  return `${command} ${SYNTAX[command] ?? ''}`.trim();
}
