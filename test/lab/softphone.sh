#!/bin/sh
# A softphone of the laboratory (baresip): registers at the switch, answers by itself, says a tone, and writes down what it hears:
# $FOLDER/dump-*-dec.wav. From the environment:
#
#   SWITCH           where it registers: 10.0.0.7:5060
#   NUMBER           its number at the switch
#   PHONE_PASSWORD   its password
#   TONE             what it says, in Hz
#   CALL             a number that it calls at once, for ten minutes; then it ends. None: it waits to be called
#   ADDRESS, PORT    where it is: 0.0.0.0, 5060
#   CONTROL          TCP port on 127.0.0.1 for commands: 4444
#   FOLDER           for its configuration and recordings: /tmp
set -eu
address=${ADDRESS:-0.0.0.0} port=${PORT:-5060} control=${CONTROL:-4444} folder=${FOLDER:-/tmp} seconds=600

# A WAV file: one second of it, 8000 samples of 16 bit at a tenth of full scale, as often as there are seconds.
perl -e 'my ($tone, $seconds) = @ARGV;
  my $samples = pack("s<*", map { 3277 * sin(6.283185307 * $tone * $_ / 8000) } 0 .. 7999) x $seconds;
  print "RIFF", pack("V", 36 + length $samples), "WAVEfmt ", pack("VvvVVvv", 16, 1, 1, 8000, 16000, 2, 16),
    "data", pack("V", length $samples), $samples;' "$TONE" $seconds > "$folder/microphone.wav"

echo "<sip:$NUMBER@$SWITCH;transport=udp>;auth_user=$NUMBER;auth_pass=$PHONE_PASSWORD;answermode=auto;audio_codecs=pcmu;regint=60" \
  > "$folder/accounts"
: > "$folder/contacts"
cat > "$folder/config" <<C
poll_method epoll
sip_listen $address:$port
ctrl_tcp_listen 127.0.0.1:$control
audio_source aufile,$folder/microphone.wav
audio_player aubridge,loudspeaker
audio_alert aubridge,bell
snd_path $folder
ausrc_srate 8000
auplay_srate 8000
ausrc_channels 1
auplay_channels 1
rtp_ports 10000-30000
module_path ${BARESIP_MODULES:-/usr/lib/baresip/modules}
module g711.so
module sndfile.so
module aufile.so
module aubridge.so
module_tmp uuid.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
C
exec baresip -4 -f "$folder" -p "$folder" ${CALL:+-t $seconds -e "/dial sip:$CALL@$SWITCH"}
