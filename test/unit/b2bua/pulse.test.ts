import { EventEmitter } from 'node:events';
import { expect, it } from 'vitest';
import { watchPulse } from '../../../src/b2bua/pulse.ts';

it('a connection is ended at the third question after which nothing came, not while anything comes', () => {
  const wire = new EventEmitter();
  const socket = Object.assign(new EventEmitter(), { ended: 0, destroy: () => (socket.ended += 1) });
  const said: string[] = [];
  watchPulse(wire, (reason) => said.push(reason));
  wire.emit('connect', socket);
  const asked = (times: number) => {
    for (let n = 0; n < times; n++) wire.emit('ping', { socket });
  };
  asked(2);
  socket.emit('data', '');
  asked(2);
  expect(socket.ended).toBe(0);
  asked(1);
  expect([socket.ended, said]).toEqual([1, ['nothing was heard of drachtio for 10000 ms']]);
});
