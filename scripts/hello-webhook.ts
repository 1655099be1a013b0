#!/usr/bin/env node
/** `hello-webhook`: the project's one program. `npm run NAME -- …` is `hello-webhook NAME …` in a checkout. */
import project from '../package.json' with { type: 'json' };
import { check } from './commands/check.ts';
import { cluster } from './commands/cluster.ts';
import { demo } from './commands/demo.ts';
import { deploy } from './commands/deploy.ts';
import { doctor } from './commands/doctor.ts';
import { explain } from './commands/explain.ts';
import { inject } from './commands/inject.ts';
import { render } from './commands/render.ts';
import { sync } from './commands/sync.ts';
import { test } from './commands/test.ts';
import { undeploy } from './commands/undeploy.ts';
import { createProgram, parse } from './terminal/command.ts';
import { commandLine } from './terminal/command-line.ts';
import { exitStatus } from './terminal/exit-status.ts';
import { printError } from './terminal/output.ts';

const program = createProgram(project.name)
  .description(`${project.description}. As it is called here: ${commandLine('COMMAND', 'OPTIONS')}`)
  .version(project.version)
  // The options of what `cluster` runs are not its own.
  .enablePositionalOptions();
const commands = [demo, check, inject, test, render, deploy, doctor, explain, sync, undeploy, cluster];
for (const command of commands) program.addCommand(command);

// npm runs scripts in the project, whatever directory it was called in.
if (process.env.npm_package_name === project.name) process.chdir(process.env.INIT_CWD ?? '.');
// The oldest Node that has all that the commands use has this.
if (typeof AsyncDisposableStack === 'undefined') {
  printError(`${project.name} needs Node.js ${project.engines.node}: this is ${process.version}`);
  process.exit(exitStatus.failed);
}
await parse(program);
