import { swallowedNames } from '../../function/injections/name-warnings.ts';
import type { Injection } from '../../function/review/injection.ts';
import { missingNamespaces, platformNames } from '../install/unmatched-namespaces.ts';
import { commandLine } from '../terminal/command-line.ts';
import { type Finding, warning } from '../terminal/finding.ts';
import type { Namespaces } from './namespaces.ts';

/** What an injection has among its names of namespaces and containers that is for nothing. */
export function nameFindings(injection: Injection, known: Namespaces): Finding[] {
  const missing = known.size > 0 ? missingNamespaces(injection, [...known.keys()]) : [];
  const fix = `# change it in the file of the injections, then:\n${commandLine('deploy', '--injections FILE')}`;
  // Of those in `namespaces.include`, the entry tells.
  const platform = injection.namespaces?.include ? [] : platformNames(injection);
  return [...swallowedNames(injection), ...platform, ...missing].map((text) =>
    warning(`injection ${injection.name}: ${text}`, fix),
  );
}
