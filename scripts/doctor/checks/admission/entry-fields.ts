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

function fieldFindings({ entries, lastWriter }: Registered, common: V1MutatingWebhook): Finding[] {
  const findings = fields.flatMap((field) => {
    const differing = entries.filter((entry) => !isDeepStrictEqual(entry[field], common[field]));
    if (differing.length === 0) return [];
    const isOne = differing.length === 1;
    const lack = isOne ? 'lacks' : 'lack';
    const differ = `${isOne ? 'does' : 'do'} not have the manifests'`;
    const missing = differing.every((entry) => entry[field] === undefined) ? lack : differ;
    const names = `${isOne ? 'entry' : 'entries'} ${someOf(differing.map(({ name }) => name))}`;
    const writer = lastWriter === undefined ? '' : `; last written by ${lastWriter}`;
    return [warning(`${names} ${missing} ${field}${writer}`, fixFor(field))];
  });
  return findings.length > 0 ? findings : [ok("each entry has the fields of the manifests'")];
}

function fixFor(field: string): string {
  return field === 'matchConditions'
    ? `# the cainjector of cert-manager before 1.12 drops them: upgrade cert-manager, then:\n${commandLine('deploy')}`
    : commandLine('deploy');
}
