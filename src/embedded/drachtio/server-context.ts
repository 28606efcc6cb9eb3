import type { SipSource, SipTarget } from '../sip/transport.ts';
import type { TransactionLayer } from '../sip/transaction.ts';
import type { AppRegistry } from './app-registry.ts';
import type { CallDetailRecords } from './call-detail-records.ts';
import type { MessageMeta } from './control-message.ts';
import type { DialogTable } from './dialog-table.ts';
import type { LocalAddress } from './local-address.ts';

/** What the parts of the server share. */
export interface ServerContext {
  readonly layer: TransactionLayer;
  readonly local: LocalAddress;
  readonly apps: AppRegistry;
  readonly dialogs: DialogTable;
  readonly records: CallDetailRecords;
  /** Length of a second of Session-Expires in ms. */
  readonly second: number;
  /** The tag of the applications a new request is for; undefined: any that asked for its verb. */
  readonly tagFor: TagChooser;
}

export type TagChooser = (request: { readonly method: string; readonly uri: string }) => string | undefined;

/** Measured: to applications WebSocket is TCP. */
const protocolName = ({ protocol }: SipTarget): string => protocol.replace('wss', 'tls').replace('ws', 'tcp');

/** The fields of a frame about a message that came from the network. */
export const receivedMeta = (source: SipSource, protocol: string = protocolName(source)): MessageMeta => ({
  bytes: source.bytes,
  protocol,
  address: source.address,
  port: source.port,
});

/** The fields of a frame about a request that went out: they name our own address (measured). */
export const sentMeta = (context: ServerContext, target: SipTarget, text: string): MessageMeta => ({
  bytes: Buffer.byteLength(text),
  protocol: protocolName(target),
  address: context.local.host,
  port: context.local.port(target.protocol),
});
