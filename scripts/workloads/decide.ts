import type { Operation } from 'fast-json-patch';
import { parseAdmissionReview } from '../../function/http/admission-review.ts';
import type { AdmissionRequest, AdmissionResponse } from '../../function/review/admission.ts';
import type { Injection } from '../../function/review/injection.ts';
import { type Decision, invalidPod, review } from '../../function/review/review.ts';
import { admissionReview } from '../local/admission-review.ts';

/**
 * What the function decides where a Pod is created in the namespace `default`, or what `fields` of an AdmissionRequest
 * says happens, in a call with this name in its path; with the request. Throws where it is none, and a VerificationError where the function would.
 */
export function decide(
  pod: unknown,
  fields: object,
  injections: readonly Injection[],
  name?: string,
): { request: AdmissionRequest; decision: Decision } {
  const parsed = parseAdmissionReview(admissionReview(pod, fields));
  if ('problem' in parsed) throw new Error(parsed.problem);
  const { request, podProblem } = parsed.review;
  return { request, decision: podProblem ? invalidPod(request, podProblem) : review(request, injections, name) };
}

/** The operations of a response's patch; none where it has no patch. */
export function patchOf(response: AdmissionResponse): Operation[] {
  return 'patch' in response ? JSON.parse(Buffer.from(response.patch, 'base64').toString('utf8')) : [];
}
