import { Option } from 'commander';
import { parseName } from './installation-options.ts';

/** `--probe-namespace`, of every command that creates Pods on a dry run. */
export const probeNamespaceOption = new Option(
  '--probe-namespace <name>',
  'namespace of the Pods created on a dry run; of an injection that does not apply there, another one',
)
  .default('default')
  .argParser(parseName);
