import { OptionalRowId, PageQuery } from '@app/http';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsNumber, Max, Min } from 'class-validator';

const MOST_SUGGESTIONS = 20;

/** How many suggestions for one user. */
export class UserSuggestionsQuery {
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    maximum: MOST_SUGGESTIONS,
    default: 5,
    description: 'How many suggestions.',
  })
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(MOST_SUGGESTIONS)
  readonly limit: number = 5;
}

/** Which users, how many of them, and how likely a suggestion has to be. */
export class ListSuggestionsQuery extends PageQuery {
  @OptionalRowId('Only users of this device.')
  readonly device_id?: string;

  @ApiPropertyOptional({
    minimum: 0,
    maximum: 1,
    default: 0.3,
    description: 'Suggestions below this score are left out; their users stay.',
  })
  @Type(() => Number)
  @IsNumber()
  @Min(0)
  @Max(1)
  readonly min_score: number = 0.3;
}
