import { callerTokensSecret } from '../install/caller-tokens.ts';
import { commandLine } from '../terminal/command-line.ts';
import { applyAgain } from './fix.ts';

/** How the function comes to serve those alone who have a token, and the API server to have it. */
export interface CallerTokenFixes {
  /** There is no Secret. */
  make: string;
  /** The Secret holds no tokens. */
  makeAgain: string;
  /** The API server does not call with a token of the Secret. */
  callWith: string;
  /** It does, but the Secret lets others call, too. */
  leaveOne: string;
}

const { name, key } = callerTokensSecret;

/** The fixes of an installation in a namespace, by deploy, or by hand for one that somebody else applies. */
export function callerTokenFixes(namespace: string, appliedBy: string | undefined): CallerTokenFixes {
  const kubectl = `kubectl -n ${namespace}`;
  const make = (lines: string) => `${lines} | ${kubectl} create secret generic ${name} --from-file=${key}=/dev/stdin`;
  const away = `${kubectl} delete secret ${name}`;
  if (appliedBy === undefined) {
    const deploy = commandLine('deploy');
    const byHand = `# where func or kn made the function, before that:\n${make('openssl rand -hex 32')}`;
    return {
      make: `${deploy}\n${byHand}`,
      makeAgain: `${away}\n${deploy}`,
      callWith: deploy,
      leaveOne: deploy,
    };
  }
  const get = (text: string) => `${kubectl} get secret ${name} -o go-template='${text}{{.data.${key} | base64decode}}'`;
  const callWith = `${get('path=mutate/')} | head -n 1 > caller-token.env
${applyAgain(appliedBy, 'have `envs: [caller-token.env]` in its settings, or render with --caller-token; not in git')}`;
  // Callers without a token are served until the API server calls with it: no call is lost.
  const makeOpen = `${make("(openssl rand -hex 32; echo '*')")}
# two minutes later, when the function has it:
${callWith}`;
  return {
    make: makeOpen,
    makeAgain: `${away}\n${makeOpen}`,
    callWith,
    leaveOne: `${get('')} > ${key}
# leave in this file the line alone that the API server calls with; then:
${kubectl} create secret generic ${name} --from-file=${key} --dry-run=client -o yaml > secret.yaml
${kubectl} replace -f secret.yaml`,
  };
}
