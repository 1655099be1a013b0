/** Loaded into each of the processes in which mocha runs files of tests. */

// A signal ends Node without its `exit` event, in which what a test has started is stopped (scripts/local/child.ts).
for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

// Mocha fails the test that is under way for what is thrown, and passes over a rejection that nobody handles.
process.on('unhandledRejection', (reason) => {
  throw reason;
});
