import { readFileSync, writeFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const SAMPLE_MS = 100;
const KIB = 1024;

/**
 * What a piece of work adds to the resident memory of this process: `idle` before it, with nothing left to collect, and its
 * `peak`. Linux keeps the peak itself; elsewhere it is looked at every 100 ms.
 */
export async function measureMemory(work) {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  const idle = process.memoryUsage.rss();
  forgetPeak();
  let peak = idle;
  const sampler = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), SAMPLE_MS);
  try {
    const result = await work();
    return { result, idle, peak: Math.max(peak, process.memoryUsage.rss(), kernelPeak()) };
  } finally {
    clearInterval(sampler);
  }
}

/** From here on, the kernel's peak is that of the work, and not that of loading the program. */
function forgetPeak() {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // Not Linux, or not allowed to: the samples tell.
  }
}

function kernelPeak() {
  try {
    const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'latin1'));
    return Number(kib) * KIB;
  } catch {
    return 0;
  }
}
