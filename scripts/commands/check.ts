/** `npm run check-config -- FILE…`: prints every problem of configuration files, with its place. */
import { parseArgs } from 'node:util';
import { ConfigurationError, readInjections } from '../../function/injections/load.ts';
import { volumeFieldProblems } from '../install/volume-fields.ts';

const usage = `npm run check-config -- FILE...

Checks injections.yaml files as the function does at its start, and their volumes for fields that Kubernetes does not
know. Prints each problem as FILE:LINE:COLUMN: field: problem.
Exits with 0 where all are sound, 1 where one is not, 2 where it was called wrongly.
`;

/** The exit status. */
function main(): number {
  const { values, positionals } = parseArgs({
    options: { help: { type: 'boolean', short: 'h' } },
    allowPositionals: true,
  });
  if (values.help) console.log(usage);
  else if (positionals.length === 0) throw new Error('no FILE given');
  return Math.max(0, ...positionals.map(check));
}

function check(file: string): number {
  try {
    const { length } = readInjections(file, volumeFieldProblems);
    console.log(`${file}: ${length} injection${length === 1 ? '' : 's'}, no problem`);
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    console.error(error.message);
    return 1;
  }
}

// npm runs scripts in the project, whatever directory it was called in.
process.chdir(process.env.INIT_CWD ?? '.');
try {
  process.exitCode = main();
} catch (error) {
  console.error(`${(error as Error).message}\n\n${usage}`);
  process.exitCode = 2;
}
