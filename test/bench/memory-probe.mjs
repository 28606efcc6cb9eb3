/** Preloaded into the measured process: answers the memory it needs once all garbage is gone. Changes nothing else. */
process.on('message', () => {
  globalThis.gc();
  globalThis.gc();
  process.send(process.memoryUsage());
});
// The channel shall not keep alive what wants to end.
process.channel.unref();
