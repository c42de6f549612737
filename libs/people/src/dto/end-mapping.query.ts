import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { MAPPING_ENDINGS, type MappingEnding } from '../user-mappings.service.js';

export class EndMappingQuery {
  @ApiPropertyOptional({
    enum: MAPPING_ENDINGS,
    default: 'ended',
    description:
      'ended: it was right until now, and its punches stay the person’s. mistaken: it never was right, and they do not.',
  })
  @IsOptional()
  @IsIn(MAPPING_ENDINGS)
  readonly as: MappingEnding = 'ended';
}
