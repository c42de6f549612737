import { BufferModule } from '@app/buffer';
import { PeopleModule } from '@app/people';
import { Module } from '@nestjs/common';
import { RosterCache } from './roster-cache.js';
import { SuggestionsController } from './suggestions.controller.js';
import { SuggestionsService } from './suggestions.service.js';

/** Suggests who unmapped device users are. */
@Module({
  imports: [BufferModule, PeopleModule],
  controllers: [SuggestionsController],
  providers: [SuggestionsService, RosterCache],
  exports: [SuggestionsService],
})
export class SuggestionsModule {}
