import { isDeepStrictEqual } from 'node:util';
import type { V1MutatingWebhook } from '@kubernetes/client-node';
import { readCommonEntry } from '../../../install/webhook-configuration.ts';
import { commandLine } from '../../../terminal/command-line.ts';
import { type Finding, ok, warning } from '../../../terminal/finding.ts';
import { check, resultOf } from '../../check.ts';
import { someOf } from '../../text.ts';
import { type Registered, webhook } from '../connection/webhook.ts';

/** What all entries have in common, but for what an installation chooses: the names, and the failurePolicy. */
const fields = [
  'rules',
  'matchConditions',
  'reinvocationPolicy',
  'sideEffects',
  'timeoutSeconds',
  'admissionReviewVersions',
] as const;

/**
 * Whether the registered entries have the fields that the manifests give them. An Update by a client that knows an older
 * API drops those that it does not know: the cainjector of cert-manager before 1.12, matchConditions.
 */
export const entryFields = check('entry-fields', 'Fields of entries', [resultOf(webhook)], async (_, registered) => ({
  findings: fieldFindings(registered, readCommonEntry()),
}));

function fieldFindings({ entries, lastWriter = 'nobody says who' }: Registered, common: V1MutatingWebhook): Finding[] {
  const findings = fields.flatMap((field) => {
    const differing = entries.filter((entry) => !isDeepStrictEqual(entry[field], common[field]));
    if (differing.length === 0) return [];
    const missing = differing.every((entry) => entry[field] === undefined) ? 'lacks' : "does not have the manifests'";
    const names = someOf(differing.map(({ name }) => name));
    return [warning(`entry ${names} ${missing} ${field}; last written by ${lastWriter}`, fixFor(field))];
  });
  return findings.length > 0 ? findings : [ok("each entry has the fields of the manifests'")];
}

function fixFor(field: string): string {
  return field === 'matchConditions'
    ? `# the cainjector of cert-manager before 1.12 drops them: upgrade cert-manager, then:\n${commandLine('deploy')}`
    : commandLine('deploy');
}
