import { OptionalRowId, PageQuery } from '@app/http';

export class ListMappingsQuery extends PageQuery {
  @OptionalRowId('Only mappings on this device.')
  readonly device_id?: string;

  @OptionalRowId('Only mappings of this person.')
  readonly person_id?: string;
}
