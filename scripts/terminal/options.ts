import { type ParseArgsConfig, parseArgs } from 'node:util';

type Options = NonNullable<ParseArgsConfig['options']>;

/** What `options` make of a command line; `help` is added to them. */
type Values<O extends Options> = ReturnType<typeof parseArgs<{ options: O & typeof help }>>['values'];

const help = { help: { type: 'boolean', short: 'h', default: false } } as const;

/** The command line's options, or the exit status where `usage` was all there was to say: 0 for --help, 2 for a slip. */
export function readOptions<O extends Options>(usage: string, options: O): Values<O> | number {
  try {
    const { values } = parseArgs({ options: { ...options, ...help }, allowNegative: true });
    if (!(values as { help: boolean }).help) return values as Values<O>;
    console.log(usage);
    return 0;
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    return 2;
  }
}
