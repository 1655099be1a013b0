import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { json } from 'node:stream/consumers';
import jsonpatch from 'fast-json-patch';
import type { Answer } from '../kubernetes/client.ts';
import type { KubernetesObject } from '../kubernetes/object.ts';
import { admissionReview } from './admission-review.ts';

/**
 * Sends a Pod's creation to a webhook the way an API server does, and gives back the Pod as it would be stored: for where
 * there is no API server. Throws where the webhook does not answer or does not allow it.
 */
export async function callWebhook(
  { url, caCert }: { url: string; caCert: string },
  pod: KubernetesObject,
): Promise<Answer> {
  const { name = '', namespace = 'default' } = pod.metadata;
  const userInfo = { username: 'admin', groups: ['system:masters', 'system:authenticated'] };
  const review = admissionReview(pod, { uid: randomUUID(), name, namespace, userInfo });
  const headers = { 'Content-Type': 'application/json', Accept: 'application/json, */*' };
  // A connection of its own: one that is kept would hold up the function's end.
  const sent = request(`${url}?timeout=15s`, { method: 'POST', ca: caCert, headers, agent: false });
  sent.end(JSON.stringify(review));
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  const { response, message } = (await json(answer)) as ReviewAnswer;
  if (!response?.allowed) throw new Error(response?.status?.message ?? message);
  const { warnings = [] } = response;
  if (!response.patch) return { object: pod, warnings };
  const patch = JSON.parse(Buffer.from(response.patch, 'base64').toString('utf8'));
  return { object: jsonpatch.applyPatch(pod, patch, true, false).newDocument, warnings };
}

/** An AdmissionReview or, where there is no review of it, a metav1.Status. */
interface ReviewAnswer {
  response?: { allowed: boolean; patch?: string; warnings?: string[]; status?: { message: string } };
  message?: string;
}
