import { Option } from 'commander';
import type { Outcomes } from '../doctor/check.ts';
import type { Context } from '../doctor/context.ts';
import type { Diagnosis } from '../doctor/run.ts';
import type { InstallOptions } from '../install/install.ts';
import { action, createCommand } from '../terminal/command.ts';
import { exitStatus } from '../terminal/exit-status.ts';
import { type Finding, formatFinding } from '../terminal/finding.ts';
import { print, printError } from '../terminal/output.ts';
import { createProgress } from '../terminal/progress.ts';
import { addInstallationOptions, connectTo, type InstallationOptions, installationOf } from './installation-options.ts';
import { probeNamespaceOption } from './probe-namespace-option.ts';

interface DeployOptions extends InstallationOptions, Omit<InstallOptions, 'ways' | 'gatewayNamespace'> {
  reach: 'url' | 'gateway' | 'auto';
}

export const deploy = addInstallationOptions(createCommand('deploy'))
  .summary('deploy the webhook to a cluster, or change it there, and verify it')
  .description(
    `Checks what the cluster needs, applies the function and waits until it is ready, finds out which way the API server
reaches it, registers the webhook last, verifies it with Pods that are created on a dry run, and ends with the checks of doctor. Options that are left
out keep what is deployed; their defaults are for the first time.`,
  )
  .option(
    '--image <image>',
    "the function's image, best by its digest. Left out the first time, it is that of the release; of a program built from source, func or kn make the function, and it stays theirs",
  )
  .option('--injections <file>', 'the injections (default: manifests/demo/injection/injections.yaml)')
  .addOption(
    new Option(
      '--reach <way>',
      "url: the cluster-local URL. gateway: a Service in front of the ingress' gateway. auto: the first of them that works",
    )
      .choices(['url', 'gateway', 'auto'])
      .default('auto'),
  )
  .option('--ensure', 'let the function copy ConfigMaps to where they are missing (the default)')
  .option('--no-ensure', 'revoke its permissions for that')
  .option('--sync', 'have a CronJob bring those copies up to date every quarter of an hour')
  .option('--no-sync', 'leave that to the next Pod in a namespace (the default)')
  .option('--fail-closed', 'refuse selected Pods while the function cannot be reached')
  .option('--no-fail-closed', 'create them without their files then (the default)')
  .option('--always-warm', 'keep one function running')
  .option('--no-always-warm', 'let the function scale to zero (the default)')
  .option('--network-policy', "let none but Knative and the gateway call the function's Pods")
  .option('--no-network-policy', 'let any Pod call them (the default)')
  .option(
    '--rotate-token',
    'have the API server call with a new token; until it does, the function serves the former one, too',
  )
  .option('--no-cold', 'do not wait, some two minutes, for the function to scale to zero to verify it from there')
  .addOption(probeNamespaceOption)
  .action(
    action(async (options: DeployOptions, { cleanup }) => {
      const installation = installationOf(options);
      const { context: kubeContext, reach } = options;
      const { checkPlatform } = await import('../doctor/platform.ts');
      const { withFixFor } = await import('../doctor/fix.ts');
      const { install } = await import('../install/install.ts');
      const api = await connectTo(options);
      const progress = createProgress();
      const report = (title: string, finding: Finding) => print(formatFinding(title, finding));
      print(`Cluster: ${api.server}`);
      const context = { api, installation, kubeContext };
      const { outcomes, ...platform } = await checkPlatform(context, { reach, progress, show: report });
      if (platform.ways.length === 0) {
        printError('\nNothing was changed: first fix what is marked with ✗ or ?.');
        return exitStatus.failed;
      }
      const reportForUs = (title: string, finding: Finding) => report(title, withFixFor(finding, context));
      await install({ api, installation, progress, cleanup, report: reportForUs }, { ...options, ...platform });
      return await diagnosed(context, outcomes);
    }),
  );

/** Shows what the doctor's checks after those of the platform find to fix in what was deployed; the exit status. */
async function diagnosed(context: Context, outcomes: Outcomes): Promise<number> {
  const { categories, platform } = await import('../doctor/categories.ts');
  const { diagnose } = await import('../doctor/run.ts');
  const { conclude, createFormatter, isToFix } = await import('../doctor/report.ts');
  const deployed = categories.filter((category) => category !== platform);
  const findings: Diagnosis[] = [];
  const format = createFormatter();
  for await (const finding of diagnose(context, deployed, outcomes)) {
    findings.push(finding);
    if (isToFix(finding)) print(format(finding));
  }
  const { text, broken } = conclude(findings);
  print(`\nDeployed. ${text}`);
  return broken.length > 0 ? exitStatus.failed : exitStatus.ok;
}
