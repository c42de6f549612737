import { type Caller } from '@app/auth';
import { type Role, ROLES } from '@app/kernel';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { type OpenedSession } from '../sessions.service.js';

const CALLERS = ['session', 'key', 'admin-token'] as const;

/** Who calls, and for how long. */
export class SessionView {
  @ApiProperty({ example: 'mina', description: 'The name of the account or the key.' }) readonly name: string;
  @ApiProperty({ enum: ROLES }) readonly role: Role;
  @ApiProperty({ enum: CALLERS, description: 'What lets the caller in.' }) readonly by: Caller['by'];
  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'A session ends earlier when it is not used; null: never.',
  })
  readonly expires_at: string | null;
}

/** A session that has just begun. */
export class OpenedSessionView extends SessionView {
  @ApiPropertyOptional({
    example: 'hs_…',
    description: 'For "Authorization: Bearer …"; absent when a cookie holds it.',
  })
  readonly token?: string;
}

export function sessionView({ name, actor, by, expiresAt }: Caller): SessionView {
  return { name, role: actor.kind, by, expires_at: expiresAt?.toISOString() ?? null };
}

export function openedSessionView({ token, account, expiresAt }: OpenedSession): OpenedSessionView {
  return { token, ...cookieSessionView({ account, expiresAt }) };
}

/** Without the token, which the cookie has. */
export function cookieSessionView({ account, expiresAt }: Omit<OpenedSession, 'token'>): OpenedSessionView {
  return { name: account.name, role: account.role, by: 'session', expires_at: expiresAt.toISOString() };
}
