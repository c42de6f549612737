import { type Actor } from '@app/kernel';

/** What can have happened. A new operation is added here; the database does not restrict them. */
export const AUDIT_OPERATIONS = [
  'user_discovered',
  'user_buffered',
  'sync_run_finished',
  'sync_run_failed',
  'buffer_retention',
  'user_mapped',
  'user_unmapped',
  'user_ignored',
  'user_noticed',
  'conflict_detected',
  'conflict_updated',
  'conflict_vanished',
  'conflict_resolved',
  'conflict_resolution_failed',
  'person_created',
  'person_changed',
  'person_deleted',
  'people_imported',
  'device_added',
  'device_changed',
  'terminal_swapped',
  'terminal_accepted',
  'terminal_pending',
  'terminal_registered',
  'terminal_alarm',
  'terminal_record_unreadable',
  'credential_received',
  'aas_file_read',
  'aas_file_refused',
  'lease_acquired',
  'lease_released',
  'lease_expired',
  'account_created',
  'account_changed',
  'password_changed',
  'login_succeeded',
  'login_failed',
  'session_ended',
  'key_created',
  'key_revoked',
  'access_denied',
  'device_write_intended',
  'device_write_done',
  'device_write_not_done',
  'device_write_undetermined',
  'user_deleted',
  'user_deletion_refused',
  'user_deletion_undone',
  'user_deletion_undo_refused',
  'users_missing',
  'users_returned',
  'incident_acknowledged',
  'users_marked_intended',
  'notification_channel_created',
  'notification_channel_changed',
  'notification_channel_deleted',
  'notification_tested',
  'notification_replayed',
  'notification_given_up',
  'backup_made',
  'backup_failed',
  'backup_invalid',
  'backup_removed',
  'backup_drilled',
  'backup_keys_changed',
  'restore_planned',
  'restore_started',
  'restore_finished',
  'restore_refused',
  'restore_cancelled',
  'guard_changed',
  'database_restored',
  'user_erased',
  'user_erasure_finished',
] as const;
export type AuditOperation = (typeof AUDIT_OPERATIONS)[number];

/** Facts of an entry, as JSON. No PIN and no template ever: a flag or digest stands for them. */
export type AuditDetails = Readonly<Record<string, unknown>>;

/** An entry to be written. */
export interface NewAuditEntry {
  readonly operation: AuditOperation;
  readonly deviceId?: string;
  readonly deviceUserId?: string;
  readonly deviceUserName?: string | null;
  readonly performedBy: Actor;
  readonly serviceName: string;
  readonly details?: AuditDetails;
}
