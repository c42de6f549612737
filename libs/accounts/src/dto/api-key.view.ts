import { OptionalInstant } from '@app/http';
import { type Role, ROLES } from '@app/kernel';
import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsString, MaxLength, MinLength } from 'class-validator';
import { type ApiKey } from '../accounts.entities.js';
import { type CreatedApiKey } from '../api-keys.service.js';

export class AddKeyBody {
  @ApiProperty({ minLength: 1, maxLength: 100, example: 'payroll', description: 'What it is for.' })
  @IsString()
  @MinLength(1)
  @MaxLength(100)
  readonly name: string;

  @ApiProperty({ enum: ROLES })
  @IsIn(ROLES)
  readonly role: Role;

  @OptionalInstant('When it stops working; without it, never.')
  readonly expires_at?: Date;
}

/** A key as the API shows it; never the key itself. */
export class ApiKeyView {
  @ApiProperty({ example: '1' }) readonly id: string;
  @ApiProperty({
    type: String,
    nullable: true,
    example: 'hf_k3v9m2qa',
    description: 'How the key begins; null: it is a token from before accounts.',
  })
  readonly prefix: string | null;
  @ApiProperty({ example: 'payroll' }) readonly name: string;
  @ApiProperty({ enum: ROLES }) readonly role: Role;
  @ApiProperty({ format: 'date-time' }) readonly created_at: string;
  @ApiProperty({ example: 'account:admin', description: 'As the audit log names them.' }) readonly created_by: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) readonly expires_at: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'To the minute.' })
  readonly last_used_at: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) readonly revoked_at: string | null;
}

export class CreatedKeyView extends ApiKeyView {
  @ApiProperty({ example: 'hf_k3v9m2qa_…', description: 'Shown this once.' }) readonly key: string;
}

export function apiKeyView(key: ApiKey): ApiKeyView {
  return {
    id: key.id,
    prefix: key.prefix === null ? null : `hf_${key.prefix}`,
    name: key.name,
    role: key.role,
    created_at: key.createdAt.toISOString(),
    created_by: key.createdBy,
    expires_at: key.expiresAt?.toISOString() ?? null,
    last_used_at: key.lastUsedAt?.toISOString() ?? null,
    revoked_at: key.revokedAt?.toISOString() ?? null,
  };
}

export function createdKeyView({ key, secret }: CreatedApiKey): CreatedKeyView {
  return { ...apiKeyView(key), key: secret };
}
