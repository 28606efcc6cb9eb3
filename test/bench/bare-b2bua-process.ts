/** What one would write first: a B2BUA of a page on drachtio-srf, in a process of its own. Nothing but calls passing through. */
import Srf, { type SrfRequest, type SrfResponse } from 'drachtio-srf';

export interface BareB2buaCount {
  /** How many calls it has taken so far. */
  readonly calls: number;
}

export interface BareB2buaQuestion {
  readonly drachtio: { readonly host: string; readonly port: number; readonly secret: string };
  /** Whom it connects every call with. */
  readonly callee: string;
}

export interface BareB2buaAnswer {
  /** Where it takes calls, as drachtio says: `udp/127.0.0.1:5060,tcp/…`. */
  readonly hostPorts: string;
}

let calls = 0;

process.on('message', (question: BareB2buaQuestion | { readonly count: true }) => {
  if ('count' in question) process.send?.({ calls } satisfies BareB2buaCount);
  else serve(question);
});

function serve({ drachtio, callee }: BareB2buaQuestion): void {
  const srf = new Srf();
  void srf.connect(drachtio);
  srf.on('error', () => process.exit(1));
  srf.on('connect', (error: unknown, hostPorts: string) => {
    if (error !== null) process.exit(1);
    process.send?.({ hostPorts } satisfies BareB2buaAnswer);
  });
  srf.invite((request: SrfRequest, response: SrfResponse) => {
    calls++;
    void connect(request, response);
  });

  async function connect(request: SrfRequest, response: SrfResponse): Promise<void> {
    try {
      const { uas, uac } = await srf.createB2BUA(request, response, callee, { localSdpB: request.body });
      uas.on('destroy', () => {
        uac.destroy();
      });
      uac.on('destroy', () => {
        uas.destroy();
      });
    } catch {
      // The caller has heard of it: createB2BUA passes failures on.
    }
  }
}
process.send?.('ready');
