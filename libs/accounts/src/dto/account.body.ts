import { type Role, ROLES } from '@app/kernel';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsString, MaxLength, MinLength, ValidateIf } from 'class-validator';
import { LONGEST_PASSWORD, SHORTEST_PASSWORD } from '../password-rules.js';

/** Enough for 256 characters however they are composed; the rules count themselves. */
const LONGEST_TYPED = 1_024;

/** A password that is to be set: its rules are those of the service. */
export class NewPasswordBody {
  @ApiProperty({
    minLength: SHORTEST_PASSWORD,
    maxLength: LONGEST_PASSWORD,
    description: 'Not the name of the account, and none of those that everybody tries.',
    example: 'three words and a comma',
  })
  @IsString()
  @MaxLength(LONGEST_TYPED)
  readonly password: string;
}

export class AddAccountBody extends NewPasswordBody {
  @ApiProperty({ minLength: 1, maxLength: 64, example: 'mina', description: 'Upper and lower case are the same.' })
  @IsString()
  @MinLength(1)
  @MaxLength(256)
  readonly name: string;

  @ApiProperty({ enum: ROLES })
  @IsIn(ROLES)
  readonly role: Role;
}

/** What of an account can be changed; what is not named stays as it is. */
export class ChangeAccountBody {
  @ApiPropertyOptional({ enum: ROLES })
  @ValidateIf((_, value: unknown) => value !== undefined)
  @IsIn(ROLES)
  readonly role?: Role;

  @ApiPropertyOptional({ description: 'Whether it may sign in.' })
  @ValidateIf((_, value: unknown) => value !== undefined)
  @IsBoolean()
  readonly active?: boolean;
}

export class ChangePasswordBody extends NewPasswordBody {
  @ApiProperty({ description: 'The password up to now.' })
  @IsString()
  @MaxLength(LONGEST_TYPED)
  readonly current_password: string;
}

export class LoginBody {
  @ApiProperty({ example: 'mina' })
  @IsString()
  @MaxLength(256)
  readonly name: string;

  @ApiProperty({ example: 'three words and a comma' })
  @IsString()
  @MaxLength(LONGEST_TYPED)
  readonly password: string;

  @ApiPropertyOptional({
    default: false,
    description:
      'For browsers: the token comes in the cookie `holdfast_session`, out of reach of scripts, and not in the body.',
  })
  @ValidateIf((_, value: unknown) => value !== undefined)
  @IsBoolean()
  readonly cookie: boolean = false;
}

export class SetUpBody extends NewPasswordBody {
  @ApiProperty({ description: 'The set-up token that the banner of the start shows.' })
  @IsString()
  @MaxLength(256)
  readonly token: string;

  @ApiProperty({ minLength: 1, maxLength: 64, example: 'admin' })
  @IsString()
  @MinLength(1)
  @MaxLength(256)
  readonly name: string;
}
