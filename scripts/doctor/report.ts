import type { LinkFinding } from './check.ts';
import { count } from './names.ts';

/** What the findings come to: in a line, and as an exit status. */
export interface Conclusion {
  text: string;
  status: number;
}

/** The findings from the platform to the entries: as far as the API server's call goes. */
function ofCall(findings: readonly LinkFinding[]): readonly LinkFinding[] {
  return findings.slice(0, findings.findLastIndex(({ link }) => link === 'entries') + 1);
}

/** 1 where something is broken; 3 where nothing is, but rights are lacking to look at all that the call takes; else 0. */
export function conclude(findings: readonly LinkFinding[]): Conclusion {
  const linksThatAre = (status: LinkFinding['status']) => [
    ...new Set(findings.filter((finding) => finding.status === status).map(({ link }) => link)),
  ];
  const broken = linksThatAre('broken');
  if (broken.length > 0) return { text: `Broken: ${broken.join(', ')}`, status: 1 };
  const unknown = linksThatAre('unknown');
  if (unknown.length === 0) return { text: 'Nothing is broken.', status: 0 };
  const text = `Nothing is broken as far as can be seen; ${count(unknown.length, 'link')} could not be looked at: ${unknown.join(', ')}`;
  return { text, status: ofCall(findings).some(({ isDenied }) => isDenied) ? 3 : 0 };
}
