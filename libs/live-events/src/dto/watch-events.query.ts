import { OptionalRowId } from '@app/http';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { ArrayMaxSize, IsIn, IsOptional, IsString, MaxLength } from 'class-validator';
import { LIVE_EVENT_TYPES, type LiveEventType } from '../live-event.js';

export class WatchEventsQuery {
  @ApiPropertyOptional({
    enum: LIVE_EVENT_TYPES,
    isArray: true,
    description: 'Only events of these types, comma-separated or repeated.',
  })
  @IsOptional()
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.split(',') : value))
  @IsIn(LIVE_EVENT_TYPES, { each: true })
  @ArrayMaxSize(LIVE_EVENT_TYPES.length)
  readonly types?: LiveEventType[];

  @OptionalRowId('Only events of this device.')
  readonly device_id?: string;

  @ApiPropertyOptional({
    type: String,
    maxLength: 100,
    description: 'As the header Last-Event-ID, for pages that cannot send it with their first request.',
  })
  @IsOptional()
  @IsString()
  @MaxLength(100)
  readonly last_event_id?: string;
}
