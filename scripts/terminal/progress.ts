import { oneLine } from './output.ts';

/** Shows how far a long step is: each text replaces the one before; called without a text, it clears the line. */
export type Progress = (text?: string) => void;

/** Progress on stderr: one line that changes on a terminal, elsewhere a line every ten seconds and at each new step. */
export function createProgress(): Progress {
  const started = Date.now();
  let shown = { step: '', second: Number.NEGATIVE_INFINITY };
  return (text) => {
    const second = Math.round((Date.now() - started) / 1000);
    if (process.stderr.isTTY) {
      const line =
        text === undefined ? '' : `  ${second} s: ${oneLine(text)}`.slice(0, (process.stderr.columns || 80) - 1);
      process.stderr.write(`\r\x1b[K${line}`);
      return;
    }
    if (text === undefined) return;
    const [step = ''] = text.split(':');
    if (step === shown.step && second < shown.second + 10) return;
    shown = { step, second };
    process.stderr.write(`  ${second} s: ${oneLine(text)}\n`);
  };
}
