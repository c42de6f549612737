import { type Role, ROLES } from '@app/kernel';
import { ApiProperty } from '@nestjs/swagger';
import { type Account } from '../accounts.entities.js';

/** An account as the API shows it; never its password's hash. */
export class AccountView {
  @ApiProperty({ example: '1' }) readonly id: string;
  @ApiProperty({ example: 'mina' }) readonly name: string;
  @ApiProperty({ enum: ROLES }) readonly role: Role;
  @ApiProperty({ description: 'Whether it may sign in.' }) readonly active: boolean;
  @ApiProperty({ format: 'date-time' }) readonly created_at: string;
  @ApiProperty({ example: 'account:admin', description: 'As the audit log names them.' }) readonly created_by: string;
  @ApiProperty({ format: 'date-time' }) readonly password_changed_at: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) readonly last_login_at: string | null;
}

export function accountView(account: Account): AccountView {
  return {
    id: account.id,
    name: account.name,
    role: account.role,
    active: account.active,
    created_at: account.createdAt.toISOString(),
    created_by: account.createdBy,
    password_changed_at: account.passwordChangedAt.toISOString(),
    last_login_at: account.lastLoginAt?.toISOString() ?? null,
  };
}
