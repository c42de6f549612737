import { LOSS_LEVELS, type LossLevel } from '@app/monitoring';
import { ApiProperty } from '@nestjs/swagger';
import { type GuardSettings } from '../guard/device-guards.service.js';

export class GuardView {
  @ApiProperty({ type: Boolean, description: 'Whether confirmed losses are healed without anybody being asked.' })
  readonly enabled: boolean;
  @ApiProperty({ enum: LOSS_LEVELS, description: 'The worst loss that it heals.' }) readonly highest_level: LossLevel;
  @ApiProperty({ type: 'integer', minimum: 1, example: 10, description: 'Users that it may bring back in 24 hours.' })
  readonly users_per_day: number;
}

export function guardView({ enabled, highestLevel, usersPerDay }: GuardSettings): GuardView {
  return { enabled, highest_level: highestLevel, users_per_day: usersPerDay };
}
