import { Permit } from '@app/auth';
import { Controller, Get } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AasService } from './aas.service.js';
import { AasEmployeeView, aasEmployeeView, aasReadView, AasStatusView } from './dto/aas-status.view.js';

const NEWEST_READS = 20;

@ApiTags('aas')
@ApiBearerAuth()
@Permit('viewer')
@Controller('api/aas')
export class AasController {
  constructor(private readonly aas: AasService) {}

  @Get()
  @ApiOperation({ summary: 'How the AAS file is doing: what was read of it, and why it was refused' })
  @ApiOkResponse({ type: AasStatusView })
  async status(): Promise<AasStatusView> {
    const reads = (await this.aas.listReads(NEWEST_READS)).map(aasReadView);
    return { path: this.aas.path ?? null, proves_presence_on_terminal: false, reads };
  }

  @Get('employees')
  @ApiOperation({ summary: 'The people of the newest AAS file; no proof that a terminal knows them' })
  @ApiOkResponse({ type: AasEmployeeView, isArray: true })
  async employees(): Promise<AasEmployeeView[]> {
    return (await this.aas.listEmployees()).map(aasEmployeeView);
  }
}
