import { Permit } from '@app/auth';
import { type Program, readProgram } from '@app/program';
import { Controller, Get } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';

class VersionView {
  @ApiProperty({ type: String, example: '0.1.0' }) readonly version: string;
  @ApiProperty({ type: String, nullable: true, example: '5214e14', description: 'Null: it is not known.' })
  readonly commit: string | null;
  @ApiProperty({ type: String, nullable: true, example: '2026-11-26T21:33:08.000Z' })
  readonly built_at: string | null;
  @ApiProperty({ type: String, example: '20.20.2' }) readonly node: string;
}

/** Which program answers; not for strangers, who could look up what is wrong with it. */
@ApiTags('program')
@ApiBearerAuth()
@Permit('viewer')
@Controller('api/version')
export class VersionController {
  private readonly program: Program = readProgram();

  @Get()
  @ApiOperation({ summary: 'Show version and build of the server' })
  @ApiOkResponse({ type: VersionView })
  show(): VersionView {
    const { version, commit, builtAt } = this.program;
    return { version, commit, built_at: builtAt, node: process.versions.node };
  }
}
