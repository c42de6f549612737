-- After a dump of the database was restored, and before any server is started on it: what must not go on from where the
-- dump was. Run it as the owner of the schema, once, while no server and no command is connected (docs/DEPLOYMENT.md):
--   psql "<owner's URL>" -v ON_ERROR_STOP=1 -f after-restore.sql
begin;

-- Another holdfast that is connected would work on while things change under it.
do $$
begin
  if exists (select 1 from pg_stat_activity
              where datname = current_database() and pid <> pg_backend_pid() and application_name like 'holdfast%') then
    raise exception 'a server or a command of Holdfast is connected to this database: stop all of them first';
  end if;
end $$;

-- Fencing tokens only ever grow, also beyond those that were given out after the dump and stand in logs and backups. Whoever
-- held a lease does not hold it now; writes to terminals wait, in case a process of before is still sending.
update sync_locks
   set token = token + 1000000, holder_nonce = null, acquired_by = null, acquired_at = null, expires_at = null,
       writes_not_before = clock_timestamp() + interval '15 s';

-- No ID is given out twice: programs outside may keep those of devices, punches, incidents or runs of after the dump.
do $$
declare
  identity record;
begin
  for identity in
    select c.table_name, pg_get_serial_sequence(format('public.%I', c.table_name), c.column_name) as sequence
      from information_schema.columns c
     where c.table_schema = 'public' and c.is_identity = 'YES'
  loop
    execute format('select setval(%L, (select last_value from %s) + 1000000)', identity.sequence, identity.sequence);
  end loop;
end $$;

-- The audit log says where its story jumps, and what is not done now that was wanted then.
insert into device_user_audit_log (operation_type, performed_by, service_name, details)
values ('database_restored', current_user, 'after-restore.sql', jsonb_build_object(
  'newest_entry_before', (select max("timestamp") from device_user_audit_log),
  'restores_cancelled', (select coalesce(jsonb_agg(id order by id), '[]') from restores where state in ('planned', 'running')),
  'guards_switched_off', (select coalesce(jsonb_agg(device_id order by device_id), '[]') from device_guards where enabled)));

-- Nothing is written to a terminal because of what was wanted then. Writes that were open are settled by reading.
update restores set state = 'cancelled', finished_at = clock_timestamp() where state in ('planned', 'running');
update device_guards set enabled = false where enabled;

-- Whoever was shut out after the dump stays out; keys have to be looked through (`holdfast key list`).
delete from account_sessions;
delete from setup_tokens;

-- What was being sent has been sent, or is too old; reminders of open matters go on.
update notice_deliveries set state = 'withdrawn', settled_at = clock_timestamp() where state = 'waiting';

-- Whoever follows live events is told to read anew.
update live_event_stream set epoch = left(gen_random_uuid()::text, 8), floor_xid = 0, floor_id = 0;

commit;
