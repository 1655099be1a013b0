import { action, createCommand } from '../terminal/command.ts';
import { exitStatus } from '../terminal/exit-status.ts';

export const check = createCommand('check')
  .summary('check files of injections')
  .description(
    `Checks files of injections as the function does at its start, and their volumes for fields that Kubernetes does not
know. Prints each problem as FILE:LINE:COLUMN: FIELD: PROBLEM. Needs no cluster.`,
  )
  .argument('<file...>', 'YAML or JSON, such as function/injections/injections.yaml')
  .action(
    action(async (_, { args: files }) => {
      const { ConfigurationError, readInjections } = await import('../../function/injections/load.ts');
      const { volumeFieldProblems } = await import('../install/volume-fields.ts');
      const isSound = (file: string): boolean => {
        try {
          const { length } = readInjections(file, volumeFieldProblems);
          console.log(`${file}: ${length} injection${length === 1 ? '' : 's'}, no problem`);
          return true;
        } catch (error) {
          if (!(error instanceof ConfigurationError)) throw error;
          console.error(error.message);
          return false;
        }
      };
      return files.map(isSound).every(Boolean) ? exitStatus.ok : exitStatus.failed;
    }),
  );
