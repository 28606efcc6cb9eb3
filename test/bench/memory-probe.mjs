/** Preloaded into the measured process: answers the memory it needs once all garbage is gone, and ends with the bench. */
process.on('message', () => {
  globalThis.gc();
  globalThis.gc();
  process.send(process.memoryUsage());
});
// The channel shall not keep alive what wants to end.
process.channel.unref();
// A bench that failed leaves nobody behind who goes on answering the calls of the next one on the same drachtio-server.
process.on('disconnect', () => process.exit(1));
