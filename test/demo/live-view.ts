import { codecOf, decode } from '../support/g711.ts';
import type { Trio } from '../support/lab.ts';
import type { Phone } from '../support/phone.ts';
import { cast, othersOf } from './cast.ts';

/** Sound older than this is the past, ms. */
const fresh = 100;

/** Who hears whom at this moment: `customer hears agent · agent hears both · supervisor hears both`. */
export function audibleNow(trio: Trio): string {
  return cast
    .map((listener) => {
      const [one, other] = othersOf(listener).filter((speaker) => hearsNow(trio[listener], trio[speaker]));
      return `${listener} hears ${other === undefined ? (one ?? 'nobody') : 'both'}`;
    })
    .join(' · ');
}

function hearsNow(listener: Phone, speaker: Phone): boolean {
  const now = performance.now();
  return listener.probe.received.slice(-3).some(({ at, payloadType, payload }) => {
    const codec = codecOf(payloadType);
    return codec !== undefined && now - at < fresh && speaker.voice.heardIn(decode(codec, payload));
  });
}
