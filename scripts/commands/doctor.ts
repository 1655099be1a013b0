import { Option } from 'commander';
import type { LinkFinding } from '../doctor/check.ts';
import { action, createCommand } from '../terminal/command.ts';
import { formatFinding } from '../terminal/finding.ts';
import { createProgress } from '../terminal/progress.ts';
import { addInstallationOptions, connectTo, type InstallationOptions, installationOf } from './installation-options.ts';
import { probeNamespaceOption } from './probe-namespace-option.ts';

interface DoctorOptions extends InstallationOptions {
  probe?: boolean;
  probeNamespace: string;
  output?: 'json';
}

export const doctor = addInstallationOptions(createCommand('doctor'))
  .summary('find what is broken between the API server and the Pods, and how to fix it')
  .description(
    `Checks the chain from the platform by the function, its certificates and the webhook configuration to the Pods,
without changing anything: ✓ ok, ! warning, ✗ broken, ? unknown, each with its fix. One root cause is reported once:
what follows from it says so.

Beyond reading, it takes the permissions to create subjectaccessreviews, to get and create pods/portforward, and to get
/metrics; --probe those to get, create and delete mutatingwebhookconfigurations, and to create Pods in its namespace.`,
  )
  .option('--probe', 'have the API server call the function, on a dry run under a temporary webhook configuration')
  .addOption(probeNamespaceOption)
  .addOption(
    new Option(
      '-o, --output <format>',
      'json: {"findings": [{"link", "status", "text", "fix"}]}, with status ok, warning, broken or unknown, and "isDenied" where it is unknown for lack of permissions',
    ).choices(['json']),
  )
  .action(
    action(async (options: DoctorOptions, { cleanup }) => {
      const installation = installationOf(options);
      const { context, probe, probeNamespace, output } = options;
      const { diagnose } = await import('../doctor/run.ts');
      const { fixFor } = await import('../doctor/fix.ts');
      const { conclude } = await import('../doctor/report.ts');
      const { unless } = await import('../kubernetes/read.ts');
      const api = await connectTo(options);
      // An API server that does not answer at all is no matter of any link.
      await unless(403, api.send('GET', '/version'));
      const findings: LinkFinding[] = [];
      const show = output === undefined ? console.log : () => {};
      show(`Cluster          ${api.server}`);
      const probing = probe ? { probeNamespace, progress: createProgress(), cleanup } : undefined;
      for await (const finding of diagnose(api, installation, probing)) {
        const complete = { ...finding, ...fixFor(finding, { ...installation, context }) };
        findings.push(complete);
        show(formatFinding(complete));
      }
      if (output === 'json') console.log(JSON.stringify({ findings }, undefined, 2));
      const { text, status } = conclude(findings);
      show(`\n${text}`);
      return status;
    }),
  );
