/** A checkout runs its source; what is installed is the bundle of it. */
const isCheckout = import.meta.filename.endsWith('.ts');

/** npm sets this where `npx` runs the program, which need not be on the PATH then. */
const isNpx = process.env.npm_command === 'exec';

/**
 * A command of this program as it is typed where the program was called: in a checkout `npm run deploy -- --image IMAGE`, or
 * `npx . deploy --image IMAGE` where it was called so; `hello-webhook deploy --image IMAGE` where it is installed.
 */
export function commandLine(command: string, options = ''): string {
  const program = isCheckout ? inCheckout(command) : programLine(command);
  if (options === '') return program;
  return program.startsWith('npm ') ? `${program} -- ${options}` : `${program} ${options}`;
}

/** The program itself, with what follows it; npm's scripts are its commands alone. */
export function programLine(rest: string): string {
  return isCheckout ? `npx . ${rest}` : `${isNpx ? 'npx ' : ''}hello-webhook ${rest}`;
}

/** `npm test` is the project's own. */
function inCheckout(command: string): string {
  return isNpx || command === 'test' ? programLine(command) : `npm run ${command}`;
}

/** Adds options to each command line in a text that is of one of these commands. */
export function addOptions(text: string, commands: readonly string[], options: string): string {
  if (options === '') return text;
  // In a checkout a command line that has options has the -- already.
  const separator = isCheckout ? '(?: --(?= ))?' : '';
  return commands.reduce(
    (changed, command) =>
      changed.replaceAll(new RegExp(`${commandLine(command)}${separator}`, 'g'), () => commandLine(command, options)),
    text,
  );
}
