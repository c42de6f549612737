export { EVIDENCE_KINDS, type Evidence, type EvidenceKind } from './evidence.js';
export { AlreadyMappedError, RosterTooLargeError } from './suggestions.errors.js';
export { SuggestionsModule } from './suggestions.module.js';
export { type Suggestion, type SuggestionsForUser, SuggestionsService } from './suggestions.service.js';
export {
  type SuggestionsForUserView,
  suggestionsForUserView,
  type SuggestionView,
  suggestionView,
} from './dto/suggestion.view.js';
