import { Permit } from '@app/auth';
import { IdParam, pageOf, ProblemDocument } from '@app/http';
import { Controller, Get, Param, Query } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiBearerAuth,
  ApiConflictResponse,
  ApiForbiddenResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiServiceUnavailableResponse,
  ApiTags,
  ApiUnauthorizedResponse,
} from '@nestjs/swagger';
import {
  SuggestionsForUserView,
  suggestionsForUserView,
  SuggestionsView,
  suggestionView,
} from './dto/suggestion.view.js';
import { ListSuggestionsQuery, UserSuggestionsQuery } from './dto/suggestions.query.js';
import { SuggestionsService } from './suggestions.service.js';

class SuggestionsPage extends pageOf(SuggestionsForUserView) {}

@ApiTags('buffer')
@ApiBearerAuth()
@ApiUnauthorizedResponse({ type: ProblemDocument, description: 'auth/unauthenticated' })
@ApiForbiddenResponse({ type: ProblemDocument, description: 'auth/forbidden' })
@ApiServiceUnavailableResponse({ type: ProblemDocument, description: 'suggestions/roster-too-large' })
@Permit('operator')
@Controller('api/device-users')
export class SuggestionsController {
  constructor(private readonly suggestions: SuggestionsService) {}

  @Get('buffer/:id/suggestions')
  @ApiOperation({
    summary: 'Who an unmapped device user may be, and why',
    description: 'Among active people who are not mapped on that device. Maps nobody.',
  })
  @ApiOkResponse({ type: SuggestionsView })
  @ApiBadRequestResponse({ type: ProblemDocument, description: 'http/invalid-request' })
  @ApiNotFoundResponse({ type: ProblemDocument, description: 'buffer/user-not-found' })
  @ApiConflictResponse({ type: ProblemDocument, description: 'suggestions/already-mapped' })
  async forUser(@Param() { id }: IdParam, @Query() { limit }: UserSuggestionsQuery): Promise<SuggestionsView> {
    return { items: (await this.suggestions.forUser(id, limit)).map(suggestionView) };
  }

  @Get('suggestions')
  @ApiOperation({ summary: 'Unmapped device users in the order of their discovery, each with its best suggestions' })
  @ApiOkResponse({ type: SuggestionsPage })
  @ApiBadRequestResponse({ type: ProblemDocument, description: 'http/invalid-request, http/bad-cursor' })
  async list(@Query() query: ListSuggestionsQuery): Promise<SuggestionsPage> {
    const { device_id: deviceId, min_score: minScore } = query;
    const { items, nextCursor } = await this.suggestions.list({ deviceId, minScore }, query);
    return { items: items.map(suggestionsForUserView), next_cursor: nextCursor };
  }
}
