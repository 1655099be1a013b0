/**
 * Loaded into each of mocha's worker processes. A signal ends Node without its `exit` event, in which what a test has
 * started is stopped (scripts/local/child.ts).
 */
for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
