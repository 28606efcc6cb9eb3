import type { B2bua } from '../../../src/b2bua/b2bua.ts';
import { type Call, farLeg } from '../../../src/coaching/call.ts';
import type { LegId, Sdp } from '../../../src/coaching/leg.ts';
import type { Arrival, CallControl, Directory, Routing } from '../../../src/coaching/ports.ts';
import { Watch } from '../../support/watch.ts';

export type Told =
  | { readonly type: 'established'; readonly call: Call }
  | { readonly type: 'ended' | 'connected-directly'; readonly callId: string }
  | { readonly type: 'offer'; readonly callId: string; readonly legId: LegId; readonly offer: Sdp }
  | { readonly type: 'supervisor-ended'; readonly legId: LegId }
  | { readonly type: 'supervisor-offer'; readonly legId: LegId; readonly offer: Sdp }
  | { readonly type: 'registration'; readonly deviceId: string };

/** A switchboard that knows no supervisors: routes by number, relays offers, and writes down what it is told. */
export class Control implements CallControl {
  readonly arrivals: Arrival[] = [];
  readonly told: Told[] = [];
  /** What answers offers; default is the other party. */
  answer: (callId: string, legId: LegId, offer: Sdp) => Promise<Sdp>;
  answerSupervisor: (legId: LegId, offer: Sdp) => Promise<Sdp> = (_legId, offer) => Promise.resolve(offer);
  readonly #b2bua: B2bua;
  readonly #directory: Directory;
  readonly #watch = new Watch();

  constructor(b2bua: B2bua, directory: Directory) {
    this.#b2bua = b2bua;
    this.#directory = directory;
    this.answer = (callId, legId, offer) => this.#b2bua.offer(farLeg(this.call(callId), legId), offer);
  }

  call(callId: string): Call {
    const call = this.told
      .map((each) => (each.type === 'established' ? each.call : undefined))
      .find((each) => each?.id === callId);
    if (call === undefined) throw new Error('there is no such call');
    return call;
  }

  /** The first thing it is told that fits, be it in the past. */
  hears<T extends Told['type']>(type: T): Promise<Extract<Told, { type: T }>> {
    const found = () => this.told.find((each): each is Extract<Told, { type: T }> => each.type === type);
    return this.#watch.until(`the core to hear "${type}"`, found, () =>
      JSON.stringify(this.told.map((each) => each.type)),
    );
  }

  /** The call to that number, when it is up. */
  established(dnis: string): Promise<Call> {
    const found = () =>
      this.told.flatMap((each) => (each.type === 'established' && each.call.dnis === dnis ? [each.call] : []))[0];
    return this.#watch.until(`a call to ${dnis} to be up`, found, () =>
      JSON.stringify(this.told.map((each) => each.type)),
    );
  }

  /** Resolves when the condition is true; looked at whenever it is told something. */
  until(what: string, condition: () => boolean): Promise<true> {
    return this.#watch.until(
      what,
      () => (condition() ? true : undefined),
      () => JSON.stringify(this.told.map((each) => each.type)),
    );
  }

  callArrived(arrival: Arrival): Routing {
    this.arrivals.push(arrival);
    const device = this.#directory.deviceByNumber(arrival.dialled);
    if (device !== undefined) return { to: 'device', device };
    return { to: 'switch' };
  }

  callEstablished(call: Call): void {
    this.#tell({ type: 'established', call });
  }

  offerReceived(callId: string, legId: LegId, offer: Sdp): Promise<Sdp> {
    this.#tell({ type: 'offer', callId, legId, offer });
    return this.answer(callId, legId, offer);
  }

  connectedDirectly(callId: string): void {
    this.#tell({ type: 'connected-directly', callId });
  }

  callEnded(callId: string): void {
    this.#tell({ type: 'ended', callId });
  }

  supervisorLegEnded(legId: LegId): void {
    this.#tell({ type: 'supervisor-ended', legId });
  }

  supervisorOffer(legId: LegId, offer: Sdp): Promise<Sdp> {
    this.#tell({ type: 'supervisor-offer', legId, offer });
    return this.answerSupervisor(legId, offer);
  }

  mediaAvailable(): void {
    // Nobody supervises here.
  }

  registrationChanged(deviceId: string): void {
    this.#tell({ type: 'registration', deviceId });
  }

  #tell(told: Told): void {
    this.told.push(told);
    this.#watch.touch();
  }
}
