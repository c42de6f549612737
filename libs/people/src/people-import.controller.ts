import { CurrentActor, Permit } from '@app/auth';
import { ProblemDocument } from '@app/http';
import { type Actor } from '@app/kernel';
import { Body, Controller, HttpCode, HttpStatus, Post, Query, Req, Res } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiBearerAuth,
  ApiBody,
  ApiConflictResponse,
  ApiConsumes,
  ApiForbiddenResponse,
  ApiOkResponse,
  ApiOperation,
  ApiProduces,
  ApiServiceUnavailableResponse,
  ApiTags,
  ApiUnauthorizedResponse,
} from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { BulkPeopleBody, bulkResultView, BulkResultsView } from './dto/bulk-people.js';
import { ImportPeopleQuery } from './dto/import-people.query.js';
import { ImportReportView, importReportView } from './dto/import-report.view.js';
import { csvOf } from './import/csv-upload.js';
import { ImportEvents } from './import/import-events.js';
import { PeopleBulk } from './import/people-bulk.service.js';
import { type ImportOptions, PeopleImport } from './import/people-import.service.js';

@ApiTags('people')
@ApiBearerAuth()
@ApiUnauthorizedResponse({ type: ProblemDocument, description: 'auth/unauthenticated' })
@ApiForbiddenResponse({ type: ProblemDocument, description: 'auth/forbidden' })
@Controller('api/people')
export class PeopleImportController {
  constructor(
    private readonly peopleImport: PeopleImport,
    private readonly peopleBulk: PeopleBulk,
  ) {}

  @Post('bulk')
  @Permit('operator')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({
    summary: 'Make or change up to 200 people by their external references',
    description: 'Safe to repeat. One that is refused stops no other; each has its own result.',
  })
  @ApiOkResponse({ type: BulkResultsView })
  @ApiBadRequestResponse({ type: ProblemDocument, description: 'http/invalid-request' })
  @ApiServiceUnavailableResponse({ type: ProblemDocument, description: 'people/busy' })
  async bulk(@Body() { people }: BulkPeopleBody, @CurrentActor() actor: Actor): Promise<BulkResultsView> {
    return { results: (await this.peopleBulk.put(people, actor)).map(bulkResultView) };
  }

  @Post('import')
  @Permit('operator')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({
    summary: 'Import people from a CSV file',
    description:
      'Makes or changes people by person_type and external_reference. All rows are checked first, then merged in one ' +
      'transaction; refused rows are told and left out. With `Accept: text/event-stream`: events `progress` (stage, ' +
      'received_bytes, total_bytes, rows), at last `report`, or `problem` with a problem document.',
  })
  @ApiConsumes('text/csv')
  @ApiBody({ schema: { type: 'string', example: 'person_type,external_reference,name\nstudent,S-1042,Mina Ward\n' } })
  @ApiProduces('application/json', 'text/event-stream')
  @ApiOkResponse({ type: ImportReportView })
  @ApiBadRequestResponse({
    type: ProblemDocument,
    description:
      'http/invalid-request, people/not-csv, people/file-too-large, people/file-empty, people/bad-encoding, ' +
      'people/bad-header, people/unknown-column, people/missing-column, people/file-damaged',
  })
  @ApiConflictResponse({
    type: ProblemDocument,
    description: 'people/import-running, people/too-many-deactivations, people/missing-uncertain',
  })
  @ApiServiceUnavailableResponse({ type: ProblemDocument, description: 'people/busy' })
  async import(
    @Query() query: ImportPeopleQuery,
    @CurrentActor() actor: Actor,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const source = csvOf(request);
    const options = optionsOf(query, actor);
    if (request.accepts(['application/json', 'text/event-stream']) !== 'text/event-stream') {
      response.json(importReportView(await this.peopleImport.importCsv(source, options)));
      return;
    }
    const events = new ImportEvents(response, Number(request.header('content-length')) || undefined);
    await events.tell(() => this.peopleImport.importCsv(source, { ...options, onProgress: events.progress }));
  }
}

function optionsOf(query: ImportPeopleQuery, actor: Actor): ImportOptions {
  return {
    actor,
    dryRun: query.dry_run,
    allOrNothing: query.all_or_nothing,
    defaultType: query.default_type,
    deactivateMissing: query.deactivate_missing,
    confirmDeactivations: query.confirm_deactivations,
  };
}
