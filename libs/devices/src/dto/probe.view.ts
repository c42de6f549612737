import { PROBE_STAGES, type ProbeStageName, type ProbeStageResult } from '@app/device-gateway';
import { snakeCased } from '@app/http';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

class ProbeErrorView {
  @ApiProperty({ example: 'device/unreachable' }) readonly code: string;
  @ApiProperty() readonly message: string;
}

/** What one stage of a probe came to. */
export class ProbeStageView {
  @ApiProperty({ enum: PROBE_STAGES }) readonly stage: ProbeStageName;
  @ApiProperty() readonly ok: boolean;
  @ApiProperty({ description: 'For people.', example: 'the port answers' }) readonly detail: string;
  @ApiPropertyOptional({
    type: Object,
    description: 'Serial number, users, clock and the like, where the stage tells them.',
  })
  readonly facts?: Readonly<Record<string, unknown>>;
  @ApiProperty({ example: 12 }) readonly duration_ms: number;
  @ApiPropertyOptional({ type: ProbeErrorView }) readonly error?: ProbeErrorView;
  @ApiPropertyOptional() readonly likely_cause?: string;
  @ApiPropertyOptional() readonly next_step?: string;
}

/** A probe, stage by stage; after the first stage that failed, the rest were not tried. */
export class ProbeView {
  @ApiProperty({ description: 'Whether every stage passed.' }) readonly ok: boolean;
  @ApiProperty({ type: ProbeStageView, isArray: true }) readonly stages: readonly ProbeStageView[];
}

export function probeView(stages: readonly ProbeStageResult[]): ProbeView {
  return {
    ok: stages.every(({ ok }) => ok),
    stages: stages.map((stage) => snakeCased({ ...stage }) as unknown as ProbeStageView),
  };
}
