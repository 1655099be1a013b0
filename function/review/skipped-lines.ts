/** The lines that annotation `hello-webhook/skipped` has; how many more there are is part of the line before. */
export function linesIn(annotation: string): string[] {
  return annotation.split(/; (?=[a-z\d-]+: container )/).filter(Boolean);
}

/** The name of the injection that a line is about; empty where it is none of an injection. */
export function injectionOf(line: string): string {
  return /^([a-z\d-]+): container /.exec(line)?.[1] ?? '';
}
