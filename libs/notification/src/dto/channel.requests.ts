import { OptionalRowId, PageQuery } from '@app/http';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { CHANNEL_KINDS, type ChannelKind, DELIVERY_STATES, type DeliveryState } from '../notification.entities.js';
import { NOTICE_SEVERITIES, NOTICE_TOPICS, type NoticeSeverity, type NoticeTopic } from '../notice.js';

const TIME = { pattern: '^([01]\\d|2[0-3]):[0-5]\\d$', example: '22:00' };
const ENCRYPTIONS = ['tls', 'starttls', 'none'] as const;
const LONGEST = 500;

/** Where a channel leads. */
export class ChannelSettingsBody {
  @ApiPropertyOptional({
    type: String,
    maxLength: LONGEST,
    description: 'webhook; ntfy, with its topic; telegram, if not the public one.',
  })
  @IsOptional()
  @IsString()
  @MaxLength(LONGEST)
  readonly url?: string;

  @ApiPropertyOptional({ type: String, maxLength: 64, description: 'telegram: the chat that the bot writes to.' })
  @IsOptional()
  @IsString()
  @Length(1, 64)
  readonly chat_id?: string;

  @ApiPropertyOptional({ type: String, maxLength: 253, description: 'email: the SMTP server.' })
  @IsOptional()
  @IsString()
  @Length(1, 253)
  readonly host?: string;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    maximum: 65_535,
    description: 'email; 465, 587 or 25 unless given.',
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(65_535)
  readonly port?: number;

  @ApiPropertyOptional({ enum: ENCRYPTIONS, default: 'starttls', description: 'email' })
  @IsOptional()
  @IsIn(ENCRYPTIONS)
  readonly encryption?: (typeof ENCRYPTIONS)[number];

  @ApiPropertyOptional({ type: String, maxLength: LONGEST, description: 'email: the SMTP account.' })
  @IsOptional()
  @IsString()
  @Length(1, LONGEST)
  readonly user?: string;

  @ApiPropertyOptional({ type: String, maxLength: LONGEST, example: 'holdfast@example.org', description: 'email' })
  @IsOptional()
  @IsString()
  @MaxLength(LONGEST)
  readonly from?: string;

  @ApiPropertyOptional({ type: String, isArray: true, maxItems: 20, example: ['it@example.org'], description: 'email' })
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(20)
  @IsString({ each: true })
  @MaxLength(LONGEST, { each: true })
  readonly to?: readonly string[];
}

/** What can be set of a channel. */
export class ChannelWishesBody {
  @ApiPropertyOptional({ type: ChannelSettingsBody })
  @ValidateIf((_wishes, value) => value !== undefined)
  @IsObject()
  @ValidateNested()
  @Type(() => ChannelSettingsBody)
  readonly settings?: ChannelSettingsBody;

  @ApiPropertyOptional({
    type: String,
    minLength: 1,
    maxLength: LONGEST,
    description: 'Password, signing key or token; stored sealed and never shown.',
  })
  @IsOptional()
  @IsString()
  @Length(1, LONGEST)
  readonly secret?: string;

  @ApiPropertyOptional({ type: Boolean, default: true })
  @IsOptional()
  @IsBoolean()
  readonly enabled?: boolean;

  @ApiPropertyOptional({
    enum: NOTICE_SEVERITIES,
    default: 'notice',
    description: 'What is less severe does not go this way.',
  })
  @IsOptional()
  @IsIn(NOTICE_SEVERITIES)
  readonly min_severity?: NoticeSeverity;

  @ApiPropertyOptional({
    enum: NOTICE_TOPICS,
    isArray: true,
    nullable: true,
    description: 'Only these; null: every topic.',
  })
  @ValidateIf((_, value) => value !== null && value !== undefined)
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(NOTICE_TOPICS.length)
  @IsIn(NOTICE_TOPICS, { each: true })
  readonly topics?: NoticeTopic[] | null;

  @ApiPropertyOptional({
    type: Boolean,
    default: false,
    description: 'Names of people are shortened to their initials.',
  })
  @IsOptional()
  @IsBoolean()
  readonly initials_only?: boolean;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    ...TIME,
    description: 'In the zone of the site; null, with quiet_until: never quiet.',
  })
  @ValidateIf((_, value) => value !== null && value !== undefined)
  @Matches(new RegExp(TIME.pattern), { message: '$property must be a time like 22:00' })
  readonly quiet_from?: string | null;

  @ApiPropertyOptional({ type: String, nullable: true, ...TIME, example: '06:30' })
  @ValidateIf((_, value) => value !== null && value !== undefined)
  @Matches(new RegExp(TIME.pattern), { message: '$property must be a time like 06:30' })
  readonly quiet_until?: string | null;

  @ApiPropertyOptional({
    type: Boolean,
    default: true,
    description: 'Whether what is critical is told in quiet hours too.',
  })
  @IsOptional()
  @IsBoolean()
  readonly critical_breaks_quiet?: boolean;
}

/** A new channel. */
export class CreateChannelBody extends ChannelWishesBody {
  @ApiProperty({ enum: CHANNEL_KINDS.filter((kind) => kind !== 'log') })
  @IsIn(CHANNEL_KINDS)
  readonly kind: ChannelKind;

  @ApiProperty({ type: String, pattern: '^[\\w .-]{1,60}$', example: 'it-mail' })
  @Matches(/^[\w .-]{1,60}$/, { message: '$property must be 1 to 60 letters, digits, blanks or _ . -' })
  readonly name: string;
}

export class ChangeChannelBody extends ChannelWishesBody {
  @ApiPropertyOptional({ type: String, pattern: '^[\\w .-]{1,60}$', example: 'it-mail' })
  @IsOptional()
  @Matches(/^[\w .-]{1,60}$/, { message: '$property must be 1 to 60 letters, digits, blanks or _ . -' })
  readonly name?: string;
}

/** Which deliveries to list. */
export class ListDeliveriesQuery extends PageQuery {
  @OptionalRowId('Only through this channel.')
  readonly channel_id?: string;

  @OptionalRowId('Only about this device.')
  readonly device_id?: string;

  @ApiPropertyOptional({ enum: DELIVERY_STATES, description: 'Only in this state.' })
  @IsOptional()
  @IsIn(DELIVERY_STATES)
  readonly state?: DeliveryState;
}
