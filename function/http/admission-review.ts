import { fieldName, type Problem, schemaProblems } from '../injections/schema.ts';
import { type AdmissionRequest, type AdmissionResponse, carriesPod } from '../review/admission.ts';
import { validatePod, validateReview } from './validators.ts';

/** An AdmissionReview as it came, of either version. */
export interface AdmissionReview {
  apiVersion: string;
  request: AdmissionRequest;
  /** What is wrong with the Pod, which the API server will refuse: `spec.containers is required`. */
  podProblem?: string;
}

/** An AdmissionReview, or what is wrong with it and the request as far as it is one. */
export type Parsed = { review: AdmissionReview } | { problem: string; request?: AdmissionRequest };

/** The AdmissionReview in a parsed body, v1 or v1beta1, or what is wrong with it: `request.uid is required`. */
export function parseAdmissionReview(body: unknown): Parsed {
  const [problem] = schemaProblems(validateReview, body);
  if (problem) return { problem: inWords(problem) };
  const review = body as AdmissionReview;
  if (!carriesPod(review.request)) return { review };
  const { oldObject, ...request } = review.request;
  const { object } = request;
  if (typeof object !== 'object' || object === null || Array.isArray(object)) {
    return { problem: 'request.object must be an object', request };
  }
  const [problemOfPod] = schemaProblems(validatePod, object);
  if (problemOfPod) return { review: { ...review, request, podProblem: inWords(problemOfPod) } };
  return { review: { ...review, request: { ...request, ...(validatePod(oldObject) && { oldObject }) } } };
}

/** The AdmissionReview to answer with: in the version of the one that was sent. */
export function inVersionOf({ apiVersion }: AdmissionReview, response: AdmissionResponse): object {
  return { apiVersion, kind: 'AdmissionReview', response };
}

function inWords({ path, message }: Problem): string {
  return `${fieldName(path) || 'the body'} ${message}`;
}
