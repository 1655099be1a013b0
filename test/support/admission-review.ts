import type { Operation } from 'fast-json-patch';
import { parseAdmissionReview } from '../../function/http/admission-review.ts';
import type { AdmissionRequest, AdmissionResponse } from '../../function/review/admission.ts';
import { admissionReview } from '../../scripts/local/admission-review.ts';

/** The checked request of the same. */
export function admissionRequest(object: unknown, request: object = {}): AdmissionRequest {
  const parsed = parseAdmissionReview(admissionReview(object, request));
  if ('problem' in parsed) throw new Error(parsed.problem);
  return parsed.review.request;
}

/** The operations of a response's patch; none where it has no patch. */
export function patchOf(response: AdmissionResponse): Operation[] {
  return 'patch' in response ? JSON.parse(Buffer.from(response.patch, 'base64').toString('utf8')) : [];
}
