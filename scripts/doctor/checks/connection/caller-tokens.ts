import type { V1MutatingWebhook } from '@kubernetes/client-node';
import { type CallerTokens, parseCallerTokens } from '../../../../function/http/caller-tokens.ts';
import { callerTokensSecret, readCallerTokensText, segmentsOf } from '../../../install/caller-tokens.ts';
import { type RevisionSpec, readsCallerTokens } from '../../../install/knative-service.ts';
import { commandLine } from '../../../terminal/command-line.ts';
import { broken, type Finding, ok, warning } from '../../../terminal/finding.ts';
import { type CallerTokenFixes, callerTokenFixes } from '../../caller-token-fixes.ts';
import { check, resultOf } from '../../check.ts';
import { knativeService } from '../function/knative-service.ts';
import { isElsewhere, webhook } from './webhook.ts';

const { name, key } = callerTokensSecret;
const secret = `Secret ${name}`;

/** Whether the function serves the API server alone: the token that is called with, and those that it serves. */
export const callerTokens = check(
  'caller-tokens',
  'Caller tokens',
  [webhook, resultOf(knativeService)],
  async ({ api, installation, appliedBy }, { entries, clientConfig }, { serving }) => {
    if (isElsewhere(clientConfig, installation)) return { findings: [] };
    const text = await readCallerTokensText(api, installation);
    const { namespace } = installation;
    const fixes = callerTokenFixes(namespace, appliedBy);
    return { findings: [findingFor({ text, entries, serving, namespace, fixes })] };
  },
);

interface Seen {
  /** What the Secret holds, if it is there. */
  text: string | undefined;
  entries: readonly V1MutatingWebhook[];
  serving: RevisionSpec;
  namespace: string;
  fixes: CallerTokenFixes;
}

function findingFor({ text, entries, serving, namespace, fixes }: Seen): Finding {
  const isRead = readsCallerTokens(serving);
  if (text === undefined || !isRead) {
    const missing = isRead ? `no ${secret} with ${key} in ${namespace}` : 'the function has no CALLER_TOKENS';
    return warning(
      `${missing}: every caller is served, and may be any Pod`,
      isRead ? fixes.make : commandLine('deploy'),
    );
  }
  const said = parseCallerTokens(text);
  if (said) return findingOfCalls(said, entries, fixes);
  return broken(`${key} of ${secret} in ${namespace} holds no tokens: the function does not start`, fixes.makeAgain);
}

/** Of a function that serves those who have a token. */
function findingOfCalls(
  { tokens, isOpen }: CallerTokens,
  entries: readonly V1MutatingWebhook[],
  { callWith, leaveOne }: CallerTokenFixes,
): Finding {
  const called = entries.map((entry) => ({ ...entry, segment: segmentOf(entry.clientConfig) }));
  const stranger = called.find(({ segment }) => segment === undefined || !tokens.includes(segment));
  if (stranger && !isOpen) {
    const how = stranger.segment === undefined ? 'without a token' : `with none of the tokens of ${secret}`;
    return broken(`entry ${stranger.name} calls ${how}: the function answers 404`, callWith);
  }
  if (isOpen)
    return warning(`${secret} has a line *: callers without a token are served, too`, stranger ? callWith : leaveOne);
  if (tokens.some((token) => !called.some(({ segment }) => segment === token)))
    return warning(`${secret} holds a token that no entry calls with: it is still served`, leaveOne);
  return ok(`callers need the token of ${secret}, and the API server calls with it`);
}

/** What an entry calls first below /mutate: a token, where the function serves those alone who have one. */
function segmentOf(clientConfig: V1MutatingWebhook['clientConfig']): string | undefined {
  return segmentsOf(clientConfig)?.[0];
}
