import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { traceIds } from '../../function/http/log.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';

describe('the ids of a traceparent', () => {
  it('are read', () => expect(traceIds(`00-${traceId}-${spanId}-01`)).to.deep.equal({ traceId, spanId }));
  for (const header of [undefined, '', 'x', `00-${traceId}`, `00-${traceId.toUpperCase()}-${spanId}-01`]) {
    it(`are none in ${header}`, () => expect(traceIds(header)).to.deep.equal({}));
  }
});

describe('the log', () => {
  /** What a program on `log` writes, its output read from when it says so on stderr. */
  const outputOf = async (program: string) => {
    const url = new URL('../../function/http/log.ts', import.meta.url);
    const script = `import { log, written } from '${url}'; ${program}`;
    const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script]);
    for await (const chunk of child.stderr) if (String(chunk).includes('read')) break;
    return (await text(child.stdout)).split('\n').filter(Boolean);
  };

  it('has no line that a container runtime would cut, and what is short in it stays whole', async () => {
    const [lists = '', texts = '', short = ''] = await outputOf(`
      const skipped = Array(21).fill('\u0001'.repeat(120));
      log('WARNING', 'skipped', { uid: 'one', skipped, warnings: skipped });
      log('WARNING', 'refused', { uid: '\u0001'.repeat(5_000), pod: 'app' });
      log('INFO', 'short', { skipped: Array(21).fill('x') });
      console.error('read');`);
    for (const line of [lists, texts]) expect(Buffer.byteLength(line)).to.be.lessThan(16_384);
    expect(JSON.parse(lists)).to.include({ message: 'skipped', uid: 'one' });
    expect(JSON.parse(lists).skipped).to.have.length(5);
    expect(JSON.parse(texts)).to.include({ message: 'refused', pod: 'app' });
    expect(JSON.parse(short).skipped).to.have.length(21);
  });

  it('drops and counts what nobody reads in time', async () => {
    const lines = await outputOf(`
      for (let turn = 0; turn < 60; turn++) {
        for (let index = 0; index < 100; index++) log('INFO', 'x'.repeat(1_000));
        await new Promise((resolve) => setImmediate(resolve));
      }
      console.error('read');
      await written();
      log('INFO', 'read again');
      await written();`);
    const dropped = lines
      .map((line) => /^(\d+) log records dropped/.exec(JSON.parse(line).message)?.[1])
      .filter(Boolean);
    const kept = lines.filter((line) => line.includes('xxx')).length;
    expect(kept).to.be.lessThan(5_000);
    expect(kept + dropped.reduce((sum, count) => sum + Number(count), 0)).to.equal(6_000);
    expect(lines.some((line) => line.includes('read again'))).to.equal(true);
  });
});
