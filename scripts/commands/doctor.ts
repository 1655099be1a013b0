import { Option } from 'commander';
import type { Context } from '../doctor/context.ts';
import type { Diagnosis } from '../doctor/run.ts';
import { action, createCommand } from '../terminal/command.ts';
import { parseDuration } from '../terminal/duration.ts';
import { print } from '../terminal/output.ts';
import { createProgress } from '../terminal/progress.ts';
import {
  addInstallationOptions,
  connectTo,
  type InstallationOptions,
  installationOf,
  nameOthers,
} from './installation-options.ts';
import { probeNamespaceOption } from './probe-namespace-option.ts';

interface DoctorOptions extends InstallationOptions {
  probe?: boolean;
  probeNamespace: string;
  /** In milliseconds. */
  wait?: number;
  output?: 'short' | 'json';
}

export const doctor = addInstallationOptions(createCommand('doctor'))
  .summary('find what is broken between the API server and the Pods, and how to fix it')
  .description(
    `Checks everything from the platform through the function, its certificates and the webhook configuration to the Pods,
and changes nothing: ✓ ok, ! warning, ✗ broken, ? unknown, each with its fix. A root cause is reported once: what
follows from it refers to it.

Besides read access, it needs permission to create subjectaccessreviews, to get and create pods/portforward, and to get
/metrics; with --probe, also to get, create and delete mutatingwebhookconfigurations, and to create Pods in its namespace.`,
  )
  .option('--probe', 'have the API server call the function, on a dry run under a temporary webhook configuration')
  .addOption(probeNamespaceOption)
  .addOption(
    new Option(
      '--wait <duration>',
      'check again until nothing is broken, for so long at most: 30s, 5m, 1h30m; progress is on stderr',
    ).argParser(parseDuration),
  )
  .addOption(
    new Option(
      '-o, --output <format>',
      'short: only what is not ok, without what follows from another finding. json: {"checks": [{"id", "category", "title", "status", "text", "fix"}]}, an element for each finding of a check, with status ok, warning, broken or unknown, with "cause", the id of the check to fix first, where it follows from another, and with "isDenied" where it is unknown for lack of permissions',
    ).choices(['short', 'json']),
  )
  .action(
    action(async (options: DoctorOptions, { cleanup }) => {
      const installation = installationOf(options);
      const { context: kubeContext, probe, probeNamespace, wait, output } = options;
      const { diagnose } = await import('../doctor/run.ts');
      const { conclude, createFormatter, isToFix, toJson } = await import('../doctor/report.ts');
      const { waitUntilNothingIsBroken } = await import('../doctor/wait.ts');
      const { unless } = await import('../kubernetes/read.ts');
      const api = await connectTo(options);
      // An API server that does not answer at all is no matter of any check.
      await unless(403, api.send('GET', '/version'));
      const progress = createProgress();
      const probing = probe ? { probeNamespace, progress, cleanup } : undefined;
      const context: Context = { api, installation, kubeContext, probing };
      const findings: Diagnosis[] = [];
      const show = output === 'json' ? () => {} : print;
      show(`Cluster: ${api.server}`);
      await nameOthers(api, installation);
      const format = createFormatter();
      const diagnosed =
        wait === undefined ? diagnose(context) : await waitUntilNothingIsBroken(context, { progress, timeoutMs: wait });
      for await (const finding of diagnosed) {
        findings.push(finding);
        if (output !== 'short' || isToFix(finding)) show(format(finding));
      }
      if (output === 'json') print(JSON.stringify(toJson(findings), undefined, 2));
      const { text, status } = conclude(findings);
      show(`\n${text}`);
      return status;
    }),
  );
