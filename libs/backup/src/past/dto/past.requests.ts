import { OptionalInstant, PageQuery, RequiredInstant } from '@app/http';
import { HISTORY_BOUNDS } from '@app/monitoring';

/** Which moment of a terminal to show. */
export class PastUsersQuery extends PageQuery {
  @OptionalInstant(
    'The moment. Now unless given, or that of the first page where there is a cursor; what has not been yet is taken for now.',
  )
  readonly at?: Date;
}

/** Which two moments of a terminal to compare. */
export class PastDiffQuery {
  @RequiredInstant(`The earlier moment, at most ${HISTORY_BOUNDS.longestDays} days before the later one.`)
  readonly from: Date;

  @OptionalInstant('The later moment. Now unless given; what has not been yet is taken for now.')
  readonly to?: Date;
}
