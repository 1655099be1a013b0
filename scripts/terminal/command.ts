import { Command, CommanderError } from 'commander';
import { commandLine, programLine } from './command-line.ts';
import { exitStatus, exitStatusHelp } from './exit-status.ts';
import { runCommand } from './run.ts';

/**
 * A command whose help has its exit statuses, and which throws a CommanderError at a usage error, and says how to get
 * its help.
 */
export function createCommand(name: string): Command {
  return withHelp(name, commandLine(name, '--help'), exitStatusHelp(name));
}

/** The same for the program that has the commands. */
export function createProgram(name: string): Command {
  return withHelp(name, programLine('--help'), exitStatusHelp());
}

function withHelp(name: string, help: string, statuses: string): Command {
  return new Command(name)
    .exitOverride()
    .configureHelp({
      helpWidth: Math.min(process.stdout.columns ?? 120, 120),
      // Wrapped to the terminal's width, whatever it is in the source; lines that are indented stay as they are.
      commandDescription: (command) => command.description().replace(/(\S)\n(?=\S)/g, '$1 '),
    })
    .showHelpAfterError(`(${help} explains it)`)
    .addHelpText('after', `\n${statuses}`);
}

/** What a command's work has besides its options. */
export interface Call {
  /** The arguments that are no options. */
  args: string[];
  /** What is deferred to it is done before the process ends, also where it is interrupted. */
  cleanup: AsyncDisposableStack;
}

/** A command's action: `work` with the options of the command line; what it returns is the exit status. */
export function action<Options>(work: (options: Options, call: Call) => Promise<number>) {
  return (...all: unknown[]): Promise<never> => {
    // Commander passes the command last, whatever arguments it has.
    const command = all.at(-1) as Command;
    return runCommand((cleanup) => work(command.opts() as Options, { args: command.args, cleanup }));
  };
}

/** Runs a command by the process' arguments. A usage error ends with 2, a call for help or the version with 0. */
export async function parse(command: Command): Promise<void> {
  try {
    await command.parseAsync();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.stdout.on('error', () => process.exit(exitStatus.outputClosed));
    const isAnswered = error.code === 'commander.helpDisplayed' || error.code === 'commander.version';
    process.exitCode = isAnswered ? exitStatus.ok : exitStatus.usage;
  }
}
