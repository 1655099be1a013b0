import type { IncomingMessage } from 'node:http';
import type { V1Pod } from '@kubernetes/client-node';
import { type AdmissionRequest, carriesPod } from '../review/admission.ts';
import { now } from './clock.ts';
import { type Log, traceIds } from './log.ts';

/** A log whose records have the time since now and the ids of the request's trace. */
export function logFor({ headers }: IncomingMessage, log: Log): Log {
  const started = now();
  return (severity, message, fields) => {
    const durationMs = Math.round((now() - started) * 100) / 100;
    log(severity, message, { ...fields, durationMs, ...traceIds(headers.traceparent) });
  };
}

/** Who a request is about. What a client chooses is cut: nothing has checked it yet. */
export function identity(request: AdmissionRequest): Record<string, unknown> {
  const { uid, namespace, name, operation, subResource, dryRun, object } = request;
  const metadata = carriesPod(request) ? (object as Partial<V1Pod> | null)?.metadata : undefined;
  const owners = Array.isArray(metadata?.ownerReferences) ? metadata.ownerReferences : [];
  // Of an invalid Pod, an owner may be null, and its fields may be anything.
  const { kind, name: ownerName } = owners.find((reference) => reference?.controller) ?? owners[0] ?? {};
  return {
    uid: cut(uid),
    namespace: cut(namespace),
    pod: cut(name || metadata?.name || metadata?.generateName),
    owner: typeof kind === 'string' && typeof ownerName === 'string' ? cut(`${kind}/${ownerName}`) : undefined,
    operation: cut(operation),
    subResource: cut(subResource || undefined),
    dryRun: dryRun ?? false,
  };
}

/** The longest name that Kubernetes knows has 253 characters. */
function cut(text: unknown): string | undefined {
  return typeof text === 'string' ? text.slice(0, 253) : undefined;
}
