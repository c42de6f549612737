import { CurrentActor, Permit } from '@app/auth';
import { IdParam, pageOf, ProblemDocument } from '@app/http';
import { type Actor } from '@app/kernel';
import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  HttpStatus,
  Param,
  Patch,
  Post,
  Put,
  Query,
  Res,
} from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiBearerAuth,
  ApiConflictResponse,
  ApiCreatedResponse,
  ApiForbiddenResponse,
  ApiHeader,
  ApiNoContentResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiPreconditionFailedResponse,
  ApiServiceUnavailableResponse,
  ApiTags,
  ApiUnauthorizedResponse,
} from '@nestjs/swagger';
import type { Response } from 'express';
import { ListPeopleQuery } from './dto/list-people.query.js';
import { ChangePersonBody, CreatePersonBody, ExternalKeyParams, PutPersonBody } from './dto/person.body.js';
import { PersonDetailsView, personDetailsView, PersonView, personView } from './dto/person.view.js';
import { PeopleDirectory } from './people-directory.service.js';
import { type ToldPerson } from './person-values.js';
import { entityTagOf, versionsWanted } from './person-version.js';

class PersonPage extends pageOf(PersonView) {}

const IF_MATCH = { name: 'If-Match', required: false, description: 'The ETag that the person was read with.' };

@ApiTags('people')
@ApiBearerAuth()
@ApiUnauthorizedResponse({ type: ProblemDocument, description: 'auth/unauthenticated' })
@ApiForbiddenResponse({ type: ProblemDocument, description: 'auth/forbidden' })
@Controller('api/people')
export class PeopleController {
  constructor(private readonly directory: PeopleDirectory) {}

  @Get()
  @Permit('viewer')
  @ApiOperation({ summary: 'List people, in the order in which they were made' })
  @ApiOkResponse({ type: PersonPage })
  @ApiBadRequestResponse({ type: ProblemDocument, description: 'http/invalid-request, http/bad-cursor' })
  async list(@Query() query: ListPeopleQuery): Promise<PersonPage> {
    const { person_type: personType, active, mapped, text } = query;
    const { items, nextCursor } = await this.directory.list({ personType, active, mapped, text }, query);
    return { items: items.map(personView), next_cursor: nextCursor };
  }

  @Get(':id')
  @Permit('viewer')
  @ApiOperation({ summary: 'Show a person, and which device users are mapped to it' })
  @ApiOkResponse({ type: PersonDetailsView, description: 'Its ETag is what PATCH takes as If-Match.' })
  @ApiBadRequestResponse({ type: ProblemDocument, description: 'http/invalid-request' })
  @ApiNotFoundResponse({ type: ProblemDocument, description: 'people/not-found' })
  async get(@Param() { id }: IdParam, @Res({ passthrough: true }) response: Response): Promise<PersonDetailsView> {
    const { person, mappings } = await this.directory.get(id);
    const tag = entityTagOf(
      person.version,
      mappings.map((mapping) => mapping.id),
    );
    response.setHeader('ETag', tag);
    return personDetailsView(person, mappings);
  }

  @Post()
  @Permit('operator')
  @ApiOperation({ summary: 'Make a person' })
  @ApiCreatedResponse({ type: PersonView })
  @ApiBadRequestResponse({ type: ProblemDocument, description: 'http/invalid-request, people/invalid' })
  @ApiConflictResponse({ type: ProblemDocument, description: 'people/reference-taken' })
  @ApiServiceUnavailableResponse({ type: ProblemDocument, description: 'people/busy' })
  async create(
    @Body() body: CreatePersonBody,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) response: Response,
  ): Promise<PersonView> {
    const { person_type: personType, ...rest } = body;
    const person = await this.directory.create({ personType, ...told(rest), name: rest.name }, actor);
    response.setHeader('ETag', entityTagOf(person.version)).setHeader('Location', `/api/people/${person.id}`);
    return personView(person);
  }

  @Patch(':id')
  @Permit('operator')
  @ApiOperation({
    summary: 'Change a person, or deactivate it with active=false',
    description: 'What is left out stays as it is. Nothing changes on any terminal, and mappings stay.',
  })
  @ApiHeader(IF_MATCH)
  @ApiOkResponse({ type: PersonView })
  @ApiBadRequestResponse({ type: ProblemDocument, description: 'http/invalid-request, people/invalid' })
  @ApiNotFoundResponse({ type: ProblemDocument, description: 'people/not-found' })
  @ApiConflictResponse({ type: ProblemDocument, description: 'people/reference-taken' })
  @ApiPreconditionFailedResponse({ type: ProblemDocument, description: 'people/changed-meanwhile' })
  @ApiServiceUnavailableResponse({ type: ProblemDocument, description: 'people/busy' })
  async change(
    @Param() { id }: IdParam,
    @Body() body: ChangePersonBody,
    @Headers('if-match') ifMatch: string | undefined,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) response: Response,
  ): Promise<PersonView> {
    const person = await this.directory.change(id, told(body), actor, versionsWanted(ifMatch));
    response.setHeader('ETag', entityTagOf(person.version));
    return personView(person);
  }

  @Put('by-reference/:person_type/:external_reference')
  @Permit('operator')
  @ApiOperation({
    summary: 'Make the person of an external reference, or change it to what is told',
    description: 'For HR and school systems; safe to repeat. A card or active that is left out stays as it is.',
  })
  @ApiOkResponse({ type: PersonView, description: 'The person was there, and is as told now.' })
  @ApiCreatedResponse({ type: PersonView, description: 'The person was made.' })
  @ApiBadRequestResponse({ type: ProblemDocument, description: 'http/invalid-request, people/invalid' })
  @ApiServiceUnavailableResponse({ type: ProblemDocument, description: 'people/busy' })
  async put(
    @Param() { person_type: personType, external_reference: externalReference }: ExternalKeyParams,
    @Body() body: PutPersonBody,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) response: Response,
  ): Promise<PersonView> {
    const wanted = { personType, ...told(body), name: body.name };
    const { person, isNew } = await this.directory.put({ personType, externalReference }, wanted, actor);
    response.status(isNew ? HttpStatus.CREATED : HttpStatus.OK);
    response.setHeader('ETag', entityTagOf(person.version)).setHeader('Location', `/api/people/${person.id}`);
    return personView(person);
  }

  @Delete(':id')
  @Permit('administrator')
  @HttpCode(HttpStatus.NO_CONTENT)
  @ApiOperation({
    summary: 'Delete a person and end its mappings',
    description:
      'Its device users stay on their terminals, unmapped from now on; punches until now stay its own. To say that ' +
      'somebody has left, deactivate instead.',
  })
  @ApiNoContentResponse()
  @ApiBadRequestResponse({ type: ProblemDocument, description: 'http/invalid-request' })
  @ApiNotFoundResponse({ type: ProblemDocument, description: 'people/not-found' })
  @ApiServiceUnavailableResponse({ type: ProblemDocument, description: 'people/busy' })
  async remove(@Param() { id }: IdParam, @CurrentActor() actor: Actor): Promise<void> {
    await this.directory.remove(id, actor);
  }
}

function told(body: ChangePersonBody): ToldPerson {
  return {
    externalReference: body.external_reference,
    name: body.name,
    cardNumber: body.card_number,
    active: body.active,
  };
}
