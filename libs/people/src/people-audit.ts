import { type AuditDetails, type AuditOperation, type NewAuditEntry } from '@app/audit';
import { type Actor } from '@app/kernel';

/** An entry about a person; names and card numbers are no secrets. */
export function personEntry(
  operation: Extract<AuditOperation, `person_${string}` | 'people_imported'>,
  performedBy: Actor,
  details: AuditDetails,
): NewAuditEntry {
  return { operation, performedBy, serviceName: 'people', details };
}
