/** `npm run doctor`: looks at each link between the API server and the Pods, and says how to mend those that are broken. */

import type { LinkFinding } from '../doctor/check.ts';
import { fixFor } from '../doctor/fix.ts';
import { conclude } from '../doctor/report.ts';
import { diagnose } from '../doctor/run.ts';
import { clusterOptions, clusterUsage } from '../install/installation.ts';
import { connect, unless } from '../kubernetes/client.ts';
import { createProgress, runCommand } from '../terminal/command.ts';
import { formatFinding } from '../terminal/finding.ts';
import { readOptions } from '../terminal/options.ts';

const usage = `npm run doctor [-- [--probe] [-o json]]

Walks the chain from the platform by the function, its certificates and the webhook configuration to the Pods, without
changing anything, and says of each link how it is: ✓ as it should be, ! to be minded, ✗ broken, ? not to be seen; and
how to mend it. A break is told of once: what comes of it says so.

      --probe            has the API server call the function, on a dry run under a webhook configuration of its own,
                         which is there for a moment
      --probe-namespace NAME   where that dry run is (default)
  -o, --output FORMAT    json: {"findings": [{"link", "status", "text", "fix"}]}, with status ok, warning, broken or unknown, and
                         "isDenied" where it is unknown for lack of rights
${clusterUsage}
  -h, --help             this text

Beyond reading, it takes the rights to create subjectaccessreviews, to get and create pods/portforward, and to get /metrics;
--probe those to get, create and delete mutatingwebhookconfigurations, and to create Pods in its namespace.

Exits with 0 where nothing is broken, with 1 where something is, with 2 where it was called wrongly, with 3 where nothing
is that could be looked at, but you lack the rights to look at all that the API server's call takes (up to entries).
`;

await runCommand(async (cleanup) => {
  const options = readOptions(usage, {
    ...clusterOptions,
    probe: { type: 'boolean', default: false },
    'probe-namespace': { type: 'string', default: 'default' },
    output: { type: 'string', short: 'o' },
  });
  if (typeof options === 'number') return options;
  if (options.output !== undefined && options.output !== 'json') {
    console.error(`--output must be json\n\n${usage}`);
    return 2;
  }
  const { context, name, namespace, probe, 'probe-namespace': probeNamespace } = options;
  const api = connect(context === undefined ? {} : { context });
  // An API server that does not answer at all is no matter of any link.
  await unless(403, api.send('GET', '/version'));
  const progress = createProgress();
  const findings: LinkFinding[] = [];
  const show = options.output === undefined ? console.log : () => {};
  show(`Cluster          ${api.server}`);
  const probing = probe ? { probeNamespace, progress, cleanup } : undefined;
  for await (const finding of diagnose(api, { name, namespace }, probing)) {
    const complete = { ...finding, ...fixFor(finding, { name, namespace, context }) };
    findings.push(complete);
    show(formatFinding(complete));
  }
  if (options.output === 'json') console.log(JSON.stringify({ findings }, undefined, 2));
  const { text, status } = conclude(findings);
  show(`\n${text}`);
  return status;
});
