import { type ProbeStageResult } from '@app/device-gateway';
import { snakeCased } from '@app/http';
import { type TargetOptions } from '../commands/target-options.js';
import { withGateway } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { printable, printData, printJson } from '../output.js';
import { runCommand } from '../run-command.js';
import { targetFrom } from './target-options.js';

export const probe = (address: string, options: TargetOptions & { json?: boolean }): Promise<void> =>
  runCommand(options, ({ json, signal }) =>
    withGateway(async (gateway) => {
      const stages: ProbeStageResult[] = [];
      for await (const stage of gateway.probe(targetFrom(address, options), { signal })) {
        stages.push(stage);
        if (!json) printData(stageText(stage));
      }
      const ok = stages.every((stage) => stage.ok);
      if (json) printJson(snakeCased({ address, ok, stages }));
      return ok ? ExitCode.DONE : ExitCode.DEVICE;
    }),
  );

function stageText(stage: ProbeStageResult): string {
  const mark = stage.ok ? 'ok    ' : stage.error ? 'FAILED' : '-     ';
  const lines = [`${mark}  ${stage.stage.padEnd(12)}  ${printable(stage.detail)}`];
  if (stage.likelyCause) lines.push(`${' '.repeat(22)}likely cause: ${stage.likelyCause}`);
  if (stage.nextStep) lines.push(`${' '.repeat(22)}next step:    ${stage.nextStep}`);
  return lines.join('\n');
}
