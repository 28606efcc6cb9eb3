import type { CallType } from '../coaching/call.ts';
import type { Device } from '../coaching/device.ts';
import type { Party } from '../coaching/leg.ts';
import type { CallControl, Directory, Routing } from '../coaching/ports.ts';
import type { Logger } from '../log.ts';
import { CallSetup } from './call-setup.ts';
import type { Caller, Callers } from './caller.ts';
import { Conversation } from './conversation.ts';
import { fromOf, headersOfInvite } from './headers.ts';
import { LoopGuard } from './loop-guard.ts';
import { DEFAULTS, type B2buaOptions } from './options.ts';
import type { Registrar } from './registrar.ts';
import { type Refusal, refusalOfCall, respond } from './responses.ts';
import { forwardsLeft, screen } from './screening.ts';
import { userOf } from './sip-uri.ts';
import type { Reply, Stack, StackRequest } from './stack.ts';
import { type Target, targetAtSwitch, targetsOf } from './target.ts';

export interface IncomingPorts {
  readonly options: B2buaOptions;
  readonly directory: Directory;
  readonly registrar: Registrar;
  readonly callers: Callers;
  readonly log: Logger;
  readonly stack: () => Stack;
  readonly control: () => CallControl | undefined;
  readonly ringing: (setup: CallSetup, conversation: Conversation) => void;
  readonly settled: (setup: CallSetup) => void;
  readonly established: (conversation: Conversation) => void;
  readonly changed: (conversation: Conversation) => void;
  readonly forgotten: (conversation: Conversation) => void;
}

/** The way of an INVITE: who sent it, is it sound, where does it go; then it rings. Who is refused never rings anywhere. */
export class IncomingCalls {
  readonly #ports: IncomingPorts;
  readonly #loops = new LoopGuard();

  constructor(ports: IncomingPorts) {
    this.#ports = ports;
  }

  handle(request: StackRequest, reply: Reply): void {
    const { callers, log } = this.#ports;
    const refuse = (refusal: Refusal) => {
      // A question for a password is the normal way to begin.
      const level = refusal.status === 407 ? 'debug' : 'info';
      log[level]({ status: refusal.status, from: request.source_address }, 'call refused');
      respond(reply, refusal);
    };
    const dialled = userOf(request.uri);
    if (dialled === undefined) {
      refuse({ status: 404 });
      return;
    }
    if (this.#loops.isLoop(request, dialled)) {
      refuse({ status: 482 });
      return;
    }
    const caller = callers.identify(request);
    if ('status' in caller) {
      refuse(caller);
      return;
    }
    const screened = screen(request);
    if ('status' in screened) {
      refuse(screened);
      return;
    }
    const control = this.#ports.control();
    if (control === undefined) {
      refuse({ status: 503 });
      return;
    }
    const routing = control.callArrived({ dialled });
    const targets = this.#targets(routing, dialled);
    if ('status' in targets) {
      refuse(targets);
      return;
    }

    const { setup, conversation } = this.#setUp(request, reply, {
      caller,
      dialled,
      targets,
      offer: screened.offer,
      control,
    });
    this.#ports.ringing(setup, conversation);
    log.info({ callId: conversation.id, from: caller.from, to: routing.to }, 'call arrived');
    setup.start();
  }

  #setUp(
    request: StackRequest,
    reply: Reply,
    {
      caller,
      dialled,
      targets,
      offer,
      control,
    }: { caller: Caller; dialled: string; targets: Target[]; offer: string | undefined; control: CallControl },
  ) {
    const { options, log, stack, settled, established, changed, forgotten } = this.#ports;
    const conversation = new Conversation(crypto.randomUUID(), { control, log, established, changed, forgotten });
    const headers = {
      ...headersOfInvite(request, caller.trusted),
      ...this.#loops.mark(request, dialled),
      From: fromOf(request),
      To: `<sip:${encodeURIComponent(dialled)}@${options.realm}>`,
      'Max-Forwards': String((forwardsLeft(request) ?? 1) - 1),
    };
    const ringMs = (options.ringMs ?? DEFAULTS.ringMs).callee;
    const parties = (answeredBy: Target, displayName: string | undefined) => {
      const { device } = answeredBy;
      const callee = { deviceId: device?.id, phoneNumber: device?.phoneNumber ?? dialled, displayName };
      return { ...partiesOf(caller.party, callee), dnis: dialled };
    };
    const redirect = (contact: string) => this.#ofNumber(userOf(contact));
    const setup = new CallSetup(
      { stack: stack(), log, redirect, parties, over: settled },
      { request, reply, offer, headers, targets, ringMs },
      conversation,
    );
    return { setup, conversation };
  }

  #targets(routing: Routing, dialled: string): Target[] | Refusal {
    switch (routing.to) {
      case 'nowhere':
        return refusalOfCall(routing.code);
      case 'switch': {
        const { uri, auth } = this.#ports.options.switch;
        return uri === undefined ? { status: 404 } : [targetAtSwitch(dialled, uri, auth)];
      }
      case 'device': {
        const targets = this.#phonesOf(routing.device);
        return targets.length === 0 ? refusalOfCall('unavailable') : targets;
      }
    }
  }

  #ofNumber(number: string | undefined): Target[] {
    const device = number === undefined ? undefined : this.#ports.directory.deviceByNumber(number);
    return device === undefined ? [] : this.#phonesOf(device);
  }

  #phonesOf(device: Device): Target[] {
    const { registrar, options } = this.#ports;
    return targetsOf(device, registrar.contacts(device.id), options.switch);
  }
}

/** Who calls a device is not that device, whatever number it shows: what is for the agent alone goes to who answers as the agent. */
export function partiesOf<P extends Pick<Party, 'deviceId'>>(caller: P, callee: P) {
  const itself = caller.deviceId !== undefined && caller.deviceId === callee.deviceId;
  const calling = itself ? { ...caller, deviceId: undefined } : caller;
  return { caller: calling, callee, type: typeOf(calling.deviceId, callee.deviceId) };
}

function typeOf(callerDevice: string | undefined, calleeDevice: string | undefined): CallType {
  if (callerDevice === undefined) return 'Inbound';
  return calleeDevice === undefined ? 'Outbound' : 'Internal';
}
